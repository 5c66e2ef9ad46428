import { AgentsController } from '../agents/agents.controller.js';
import { EnrollmentController } from '../agents/enrollment.controller.js';
import { AuditController } from '../audit/audit.controller.js';
import { SessionController } from '../auth/session.controller.js';
import { SignInController } from '../auth/sign-in.controller.js';
import { ResolutionController } from '../diagnostics/resolution.controller.js';
import { TestsController } from '../diagnostics/tests.controller.js';
import { EpochsController } from '../epochs/epochs.controller.js';
import { EventsController } from '../events/events.controller.js';
import { HistoryController } from '../history/history.controller.js';
import { KeysController } from '../keys/keys.controller.js';
import { LocalNodesController } from '../local-nodes/local-nodes.controller.js';
import { MeshController } from '../mesh/diagnosis/mesh.controller.js';
import { AliasesController } from '../networks/aliases.controller.js';
import { AttachmentsController } from '../networks/attachments.controller.js';
import { DeclarationsController } from '../networks/declarations.controller.js';
import { EgressController } from '../networks/egress.controller.js';
import { NetworksController } from '../networks/networks.controller.js';
import { PolicyTestsController } from '../networks/policy-tests.controller.js';
import { PreviewsController } from '../networks/previews.controller.js';
import { QuarantineController } from '../networks/quarantine.controller.js';
import { RevertsController } from '../networks/reverts.controller.js';
import { RulesController } from '../networks/rules.controller.js';
import { SandboxesController } from '../sandboxes/sandboxes.controller.js';
import { StatusController } from '../status/status.controller.js';

/** The whole API. Each needs no more than the command and query buses, so that it can be described without a store. */
export const API_CONTROLLERS = [
  SessionController,
  SignInController,
  NetworksController,
  StatusController,
  AttachmentsController,
  AliasesController,
  ResolutionController,
  RulesController,
  EgressController,
  DeclarationsController,
  PreviewsController,
  PolicyTestsController,
  QuarantineController,
  RevertsController,
  TestsController,
  SandboxesController,
  AgentsController,
  EnrollmentController,
  LocalNodesController,
  MeshController,
  EpochsController,
  EventsController,
  HistoryController,
  AuditController,
  KeysController,
];
