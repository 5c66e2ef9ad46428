import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AgentContact } from './agent-contact.entity.js';
import { AgentContacts } from './agent-contacts.js';
import { AgentInventory } from './agent-inventory.entity.js';
import { Inventories } from './inventories.js';
import { LocalNodeContacts } from './local-node-contacts.js';
import { SandboxQuota } from './sandbox-quota.js';
import { WaitingClaims } from './waiting-claims.js';

/** Which members are in contact, and which sandboxes each agent reports. */
@Module({
  imports: [TypeOrmModule.forFeature([AgentContact, AgentInventory])],
  providers: [AgentContacts, LocalNodeContacts, SandboxQuota, Inventories, WaitingClaims],
  exports: [AgentContacts, LocalNodeContacts, Inventories, WaitingClaims],
})
export class PresenceModule {}
