import { revokeLocalNode } from '#libs/api-client/generated/index.js';
import { required } from '../../arguments.js';
import { GstacksCommand } from '../../command.js';
import { cutLine } from '../../mesh/cut-line.js';
import { meshNodeEndLine } from '../../mesh/mesh-node-end.js';
import { idempotencyKeyFlag, writeHeaders } from '../../write-command.js';

export default class MeshRevoke extends GstacksCommand {
  static override summary = "Revoke a developer's machine: its connections are cut at once";
  static override examples = ['<%= config.bin %> mesh revoke laptop-0a1b2c3d4e'];
  static override args = { node: required('id of the local node, as in network status') };
  static override flags = { 'idempotency-key': idempotencyKeyFlag };

  async run() {
    const { args, flags } = await this.parse(MeshRevoke);
    const { client } = await this.connect(flags);
    const path = { nodeId: args.node };
    const end = await revokeLocalNode({ client, headers: writeHeaders(flags), path });
    const { nodeId, changed } = end;
    this.screen.line(changed ? `local node ${nodeId} is revoked` : `local node ${nodeId} was revoked already`);
    for (const line of [cutLine(end), meshNodeEndLine(end.meshNode)]) if (line !== null) this.screen.line(line);
    return end;
  }
}
