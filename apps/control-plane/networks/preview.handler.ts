import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { InvalidInputError } from '#libs/contracts/errors.js';
import { refusePublicSuffix } from '#libs/contracts/http/egress.js';
import type { PreviewDto, PreviewRequestDto, RuleChangeDto } from '#libs/contracts/http/previews.js';
import { type OutsidePattern, parseAliasName, parseRuleId, type RuleId } from '#libs/contracts/ids.js';
import { covers, isOutsideName, parseDestinationName, parseOutsidePattern } from '#libs/contracts/outside-names.js';
import { parseSelector } from '#libs/contracts/selectors.js';
import type { NetworkCommandOf } from '#libs/domain/network/commands.js';
import type { EgressRule, Topology } from '#libs/policy/model.js';
import { outsideReachabilityChange } from '#libs/policy/outside-reachability.js';
import { reachabilityChange } from '#libs/policy/reachability.js';
import { ruleStandings } from '#libs/policy/rule-standings.js';
import { Directory } from '../record/directory.js';
import { NetworkFlows } from '../status/network-flows.js';
import { meantSandbox } from './meant-sandbox.js';
import { NetworkViews } from './network-views.js';
import { NetworkWrites } from './network-writes.js';
import { previewedCuts } from './previewed-cuts.js';
import { PreviewWrite } from './queries.js';
import { MOST_STANDINGS } from './reachability.handler.js';

const MOST_REACHED = 200;
type PreviewedKind =
  | 'AddRule'
  | 'RemoveRule'
  | 'AddEgressRule'
  | 'RemoveEgressRule'
  | 'RemoveAlias'
  | 'DetachSandbox'
  | 'DeleteNetwork';
type PreviewedCommand = { [Kind in PreviewedKind]: NetworkCommandOf<Kind> }[PreviewedKind];

/**
 * What a write would do, decided as the write itself would be: refused as that would be, and compared with the present
 * by the function that decides live traffic.
 */
@QueryHandler(PreviewWrite)
export class PreviewWriteHandler implements IQueryHandler<PreviewWrite> {
  constructor(
    private readonly views: NetworkViews,
    private readonly writes: NetworkWrites,
    private readonly flows: NetworkFlows,
    private readonly directory: Directory,
  ) {}

  async execute({ network, body }: PreviewWrite): Promise<PreviewDto> {
    const command = commandOf(body, this.directory);
    const { before, after, changed, unchangedSince, warnings } = await this.writes.preview(network, command);
    const then = after.deleted ? null : after;
    const rule = egressRuleOf(command, before, after);
    const { gained, lost } =
      rule === null ? reachabilityChange(before, then) : outsideReachabilityChange(before, after, rule.to, rule.port);
    const flows = await this.flows.of(this.views.find(network));
    return {
      ...{ network, version: before.version, changed, unchangedSince, warnings },
      gained: gained.slice(0, MOST_REACHED),
      gainedLeftOut: Math.max(0, gained.length - MOST_REACHED),
      lost: lost.slice(0, MOST_REACHED),
      lostLeftOut: Math.max(0, lost.length - MOST_REACHED),
      rules: changed && then !== null ? ruleChanges(before, then) : [],
      cuts: previewedCuts(flows, before, then, targetsOf(command, before, after)),
    };
  }
}

/** Rules of both versions that do nothing in one of them, or nothing for another reason. */
function ruleChanges(before: Topology, after: Topology): readonly RuleChangeDto[] {
  const was = new Map(ruleStandings(before, MOST_STANDINGS).map(({ ruleId, idle }) => [ruleId, idle]));
  return ruleStandings(after, MOST_STANDINGS).flatMap(({ ruleId, idle }) => {
    const former = was.get(ruleId);
    return former === undefined || former === idle ? [] : { ruleId, before: former, after: idle };
  });
}

/** Whether flows to an alias and port are what the write is about. */
function targetsOf(
  command: PreviewedCommand,
  before: Topology,
  after: Topology,
): (alias: string, port: number) => boolean {
  switch (command.kind) {
    case 'AddRule':
      return (alias, port) => alias === command.to && port === command.port;
    case 'RemoveRule': {
      const rule = removedOf(before.rules, after.rules);
      return (alias, port) => alias === rule?.to && port === rule.port;
    }
    case 'AddEgressRule':
      return isBelow(command.to, command.port);
    case 'RemoveEgressRule': {
      const rule = removedOf(before.egressRules, after.egressRules);
      return rule === undefined ? () => false : isBelow(rule.to, rule.port);
    }
    case 'RemoveAlias':
      return (alias) => alias === command.alias;
    case 'DetachSandbox':
      return (alias) =>
        [...before.aliases.values()].some((one) => one.alias === alias && one.sandboxId === command.sandboxId);
    case 'DeleteNetwork':
      return () => true;
  }
}

/** The rule about a name outside that a write adds or takes away; null: it is about something else. */
function egressRuleOf(command: PreviewedCommand, before: Topology, after: Topology): EgressRule | null {
  if (command.kind === 'AddEgressRule') return after.egressRules.get(command.ruleId) ?? null;
  return command.kind === 'RemoveEgressRule' ? (removedOf(before.egressRules, after.egressRules) ?? null) : null;
}

/** The rule that a removal takes away, which was named by its id or the beginning of it. */
function removedOf<Rule>(before: ReadonlyMap<RuleId, Rule>, after: ReadonlyMap<RuleId, Rule>): Rule | undefined {
  return [...before].find(([id]) => !after.has(id))?.[1];
}

function isBelow(pattern: OutsidePattern, port: number): (name: string, at: number) => boolean {
  return (text, at) => {
    const name = parseDestinationName(text, 'name');
    return at === port && isOutsideName(name) && covers(pattern, name);
  };
}

function commandOf(body: PreviewRequestDto, directory: Directory): PreviewedCommand {
  switch (body.kind) {
    case 'add-rule': {
      const from = parseSelector(needed(body, 'from'), 'from');
      const effect = needed(body, 'effect');
      const ruleId = parseRuleId('rule-preview', 'ruleId');
      const to = parseAliasName(needed(body, 'to'), 'to');
      const meant = meantSandbox(from, false, directory);
      return { kind: 'AddRule', ruleId, effect, from, to, port: needed(body, 'port'), meantSandbox: meant };
    }
    case 'add-egress-rule': {
      const from = parseSelector(needed(body, 'from'), 'from');
      const effect = needed(body, 'effect');
      const to = parseOutsidePattern(needed(body, 'to'), 'to');
      if (effect === 'allow') refusePublicSuffix(to, 'to');
      const ruleId = parseRuleId('rule-preview', 'ruleId');
      const { private: mayBePrivate = false, via = null } = body;
      return {
        kind: 'AddEgressRule',
        ruleId,
        effect,
        from,
        to,
        port: needed(body, 'port'),
        private: mayBePrivate,
        via,
        meantSandbox: meantSandbox(from, false, directory),
      };
    }
    case 'remove-egress-rule':
      return { kind: 'RemoveEgressRule', ruleId: needed(body, 'ruleId') };
    case 'remove-rule':
      return { kind: 'RemoveRule', ruleId: needed(body, 'ruleId') };
    case 'remove-alias':
      return { kind: 'RemoveAlias', alias: needed(body, 'alias') };
    case 'detach':
      return { kind: 'DetachSandbox', sandboxId: needed(body, 'sandboxId') };
    case 'delete':
      return { kind: 'DeleteNetwork', detachAll: body.detachAll ?? false };
  }
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
