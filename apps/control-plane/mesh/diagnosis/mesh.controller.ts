import { Controller, Post } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { MeshDiagnosisDto } from '#libs/contracts/http/mesh-diagnosis.js';
import { Route } from '../../http/route.js';
import { DiagnoseMesh } from './messages.js';

@ApiTags('mesh')
@Controller('v1/mesh')
export class MeshController {
  constructor(private readonly commands: CommandBus) {}

  @Post('diagnosis')
  @Route({
    summary: 'Check the mesh: settings, control server, keys, agents; two keys are made and expired',
    answers: MeshDiagnosisDto,
    role: 'admin',
  })
  diagnoseMesh(): Promise<MeshDiagnosisDto> {
    return this.commands.execute(new DiagnoseMesh());
  }
}
