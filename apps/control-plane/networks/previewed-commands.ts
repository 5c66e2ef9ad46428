import { Inject, Injectable } from '@nestjs/common';
import { InvalidInputError } from '#libs/contracts/errors.js';
import { refusePublicSuffix } from '#libs/contracts/http/egress.js';
import type { PreviewRequestDto } from '#libs/contracts/http/previews.js';
import { type NetworkName, parseAliasName } from '#libs/contracts/ids.js';
import { parseOutsidePattern } from '#libs/contracts/outside-names.js';
import { ruleEnd } from '#libs/contracts/rule-ends.js';
import { parseSelector, type Selector } from '#libs/contracts/selectors.js';
import { DomainError } from '#libs/domain/decision.js';
import type { NetworkCommandOf } from '#libs/domain/network/commands.js';
import { SandboxNotAttachedError } from '#libs/domain/network/refusals.js';
import { decideSandbox } from '#libs/domain/sandbox/decide.js';
import { CLOCK, type Clock } from '../foundation/provided.js';
import { Directory } from '../record/directory.js';
import { requireNetwork } from '../record/require-network.js';
import { StreamStates } from '../record/stream-states.js';
import { meantSandbox, sandboxNamed } from './meant-sandbox.js';
import { NetworkReverts } from './network-reverts.js';
import { newRuleId } from './new-rule-id.js';

export type PreviewedKind =
  | 'AddRule'
  | 'AddRules'
  | 'RemoveRule'
  | 'AddEgressRule'
  | 'RemoveEgressRule'
  | 'AttachSandbox'
  | 'PublishAlias'
  | 'RemoveAlias'
  | 'DetachSandbox'
  | 'ChangeLabels'
  | 'RevertNetwork'
  | 'DeleteNetwork';
export type PreviewedCommand = { [Kind in PreviewedKind]: NetworkCommandOf<Kind> }[PreviewedKind];

/** A described write as the command that it would be. */
@Injectable()
export class PreviewedCommands {
  constructor(
    private readonly directory: Directory,
    private readonly states: StreamStates,
    private readonly reverts: NetworkReverts,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Errors: InvalidInputError, and of a revert those of NetworkReverts. */
  async commandOf(network: NetworkName, body: PreviewRequestDto): Promise<PreviewedCommand> {
    const now = this.clock();
    const lasting = { until: ruleEnd(body, now), now };
    switch (body.kind) {
      case 'add-rule': {
        const from = oneSource(body);
        const [effect, to, port] = [
          needed(body, 'effect'),
          parseAliasName(needed(body, 'to'), 'to'),
          needed(body, 'port'),
        ];
        const rule = { ruleId: newRuleId(), effect, from, to, port, ...lasting };
        return { kind: 'AddRule', ...rule, meantSandbox: this.meant(from, body) };
      }
      case 'add-rules': {
        const [effect, to, ports] = [
          needed(body, 'effect'),
          parseAliasName(needed(body, 'to'), 'to'),
          needed(body, 'ports'),
        ];
        const rules = [needed(body, 'from')].flat().flatMap((text) => {
          const from = parseSelector(text, 'from');
          const meant = this.meant(from, body);
          return ports.map(({ published: port }) => ({
            ...{ ruleId: newRuleId(), from, to, port, ...lasting, meantSandbox: meant },
          }));
        });
        return { kind: 'AddRules', effect, rules };
      }
      case 'add-egress-rule': {
        const from = oneSource(body);
        const [effect, port] = [needed(body, 'effect'), needed(body, 'port')];
        const to = parseOutsidePattern(needed(body, 'to'), 'to');
        if (effect === 'allow' && !body.force) refusePublicSuffix(to, 'to');
        const { private: mayBePrivate = false, via = null } = body;
        return {
          ...{ kind: 'AddEgressRule', ruleId: newRuleId(), effect, from, to, port, private: mayBePrivate, via },
          ...{ meantSandbox: this.meant(from, body), ...lasting },
        };
      }
      case 'remove-egress-rule':
        return { kind: 'RemoveEgressRule', ruleId: needed(body, 'ruleId') };
      case 'remove-rule':
        return { kind: 'RemoveRule', ruleId: needed(body, 'ruleId') };
      case 'attach':
        return this.attachment(body);
      case 'publish-alias':
        return {
          ...{ kind: 'PublishAlias', sandboxId: needed(body, 'sandboxId') },
          ...{ alias: needed(body, 'alias'), ports: needed(body, 'ports'), ...optionsOf(body) },
        };
      case 'remove-alias':
        return { kind: 'RemoveAlias', alias: needed(body, 'alias') };
      case 'detach':
        return { kind: 'DetachSandbox', sandboxId: needed(body, 'sandboxId') };
      case 'label':
        return this.labels(network, body);
      case 'delete':
        return { kind: 'DeleteNetwork', detachAll: body.detachAll ?? false };
      case 'revert':
        return this.reverts.command(network, needed(body, 'version'));
    }
  }

  private async attachment(body: PreviewRequestDto): Promise<NetworkCommandOf<'AttachSandbox'>> {
    const sandboxId = needed(body, 'sandboxId');
    const { state: sandbox } = await this.states.sandbox(sandboxId);
    const isBare = body.alias === undefined && body.ports === undefined;
    const publication = isBare ? null : { alias: needed(body, 'alias'), ports: needed(body, 'ports') };
    const meantSandbox = sandboxNamed(body.alias, this.directory);
    return { kind: 'AttachSandbox', sandboxId, sandbox, publication, meantSandbox, ...optionsOf(body) };
  }

  /** Labels belong to the sandbox and are copied onto its networks. Errors: the sandbox's refusals, NOT_ATTACHED. */
  private async labels(network: NetworkName, body: PreviewRequestDto): Promise<NetworkCommandOf<'ChangeLabels'>> {
    const { set = {}, remove = [] } = body;
    const sandboxId = needed(body, 'sandboxId');
    const { state } = await this.states.sandbox(sandboxId);
    const decision = decideSandbox({ kind: 'LabelSandbox', sandboxId, set, remove }, state);
    if (decision instanceof DomainError) throw decision;
    const { topology } = requireNetwork(this.directory, network);
    if (!topology.sandboxes.has(sandboxId)) throw new SandboxNotAttachedError(topology, sandboxId);
    return { kind: 'ChangeLabels', sandboxId, labels: decision.result?.labels ?? {} };
  }

  private meant(from: Selector, { force = false }: PreviewRequestDto) {
    return meantSandbox(from, force, this.directory);
  }
}

function optionsOf({ inheritRules = false, replacePorts = false }: PreviewRequestDto) {
  return { inheritRules, replacePorts };
}

function oneSource(body: PreviewRequestDto): Selector {
  const from = needed(body, 'from');
  if (typeof from === 'string') return parseSelector(from, 'from');
  throw new InvalidInputError('from', `${from.length} selectors`, 'one selector; several are of add-rules');
}

function needed<Field extends keyof PreviewRequestDto>(
  body: PreviewRequestDto,
  field: Field,
): NonNullable<PreviewRequestDto[Field]> {
  const value = body[field];
  if (value === undefined || value === null) {
    throw new InvalidInputError(field, undefined, `a value for ${body.kind}`, 'FIELD_MISSING');
  }
  return value;
}
