import { Command } from '@nestjs/cqrs';
import type { MeshDiagnosisDto } from '#libs/contracts/http/mesh-diagnosis.js';

/** A command and not a query, because it makes keys to see whether that works. */
export class DiagnoseMesh extends Command<MeshDiagnosisDto> {}
