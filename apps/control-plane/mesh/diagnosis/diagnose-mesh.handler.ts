import { Inject } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { MeshCheckCode, MeshCheckDto, MeshDiagnosisDto } from '#libs/contracts/http/mesh-diagnosis.js';
import { probeControlServer } from '#libs/control-server/probe.js';
import { meshNotConfigured, meshToJoin } from '../../foundation/mesh-settings.js';
import { CLOCK, type Clock, SETTINGS } from '../../foundation/provided.js';
import type { ControlPlaneSettings } from '../../foundation/settings.js';
import { AgentContacts } from '../../presence/agent-contacts.js';
import { meshView } from '../../presence/mesh-view.js';
import { Directory } from '../../record/directory.js';
import { ControlServerAccess } from '../control-server-access.js';
import { agentsJoined } from './agents-joined.js';
import { keyChecks } from './key-checks.js';
import { failed, passed, skipped } from './mesh-check.js';
import { DiagnoseMesh } from './messages.js';

const ANSWER_WITHIN_MS = 5_000;
const OF_A_CONTROL_SERVER = ['CONTROL_SERVER_ANSWERS', 'KEY_SOURCE', 'TOKEN_MAY_MINT'] as const;

@CommandHandler(DiagnoseMesh)
export class DiagnoseMeshHandler implements ICommandHandler<DiagnoseMesh> {
  constructor(
    private readonly directory: Directory,
    private readonly contacts: AgentContacts,
    private readonly access: ControlServerAccess,
    @Inject(SETTINGS) private readonly settings: ControlPlaneSettings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute(): Promise<MeshDiagnosisDto> {
    const mesh = meshToJoin(this.settings.mesh);
    const agents = this.directory.agents().flatMap(({ state: { agentId, status } }) => {
      if (status !== 'enrolled') return [];
      return [{ agentId, mesh: meshView(this.contacts.of(agentId), this.contacts.statusOf(agentId), this.clock()) }];
    });
    const checks = await this.checks(mesh);
    return { ...mesh, checks: [...checks, agentsJoined(agents, this.settings.mesh)] };
  }

  private async checks({ meshTransport, meshControlUrl }: Mesh): Promise<readonly MeshCheckDto[]> {
    if (meshTransport === 'direct') {
      return [
        passed('MESH_CONFIGURED', 'direct: nodes reach each other without a control server and without keys'),
        ...OF_A_CONTROL_SERVER.map((code) => skipped(code, 'a direct mesh has none')),
      ];
    }
    if (meshControlUrl === null) {
      return [
        failed('MESH_CONFIGURED', meshNotConfigured(this.settings.mesh)),
        ...OF_A_CONTROL_SERVER.map((code: MeshCheckCode) => skipped(code, 'there is no mesh')),
      ];
    }
    const [fault, keys] = await Promise.all([
      probeControlServer(meshControlUrl, ANSWER_WITHIN_MS),
      keyChecks(this.settings.mesh, (minting) => this.access.open(minting), this.clock),
    ]);
    return [
      passed('MESH_CONFIGURED', `tsnet, with the control server ${meshControlUrl}`),
      fault === null
        ? passed('CONTROL_SERVER_ANSWERS', `${meshControlUrl} answers the control plane`)
        : failed('CONTROL_SERVER_ANSWERS', fault),
      ...keys,
    ];
  }
}

type Mesh = Pick<MeshDiagnosisDto, 'meshTransport' | 'meshControlUrl'>;
