import { ApiProperty } from '@nestjs/swagger';
import { type AgentId, parseAgentId } from '../ids.js';
import { parseTime } from '../times.js';
import { parseSignature, parseUserNkey } from './enrollment.js';
import { Field } from './fields.js';

export class RequestAgentMeshKeyDto {
  @Field(parseAgentId, { example: 'host-a' })
  readonly agentId!: AgentId;

  @Field(parseUserNkey, { description: 'The key that the agent is enrolled with' })
  readonly nkey!: string;

  @Field(parseTime, { format: 'date-time', description: 'Within a minute of the control plane' })
  readonly timestamp!: string;

  @Field(parseSignature, { description: 'Base64 of the signature over meshKeyStatement by the nkey' })
  readonly signature!: string;
}

export class MeshKeyDto {
  @ApiProperty({ example: 'https://mesh.example', description: 'The control server that takes the key' })
  readonly controlUrl!: string;

  @ApiProperty({ description: 'Shown once; it opens the mesh and nothing in it' })
  readonly authKey!: string;

  @ApiProperty({
    type: String,
    nullable: true,
    format: 'date-time',
    description: 'null: it was made before by an operator, and does not end',
  })
  readonly expiresAt!: string | null;
}
