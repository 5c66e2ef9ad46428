import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import type { VerdictTurnDto, VerdictTurnsDto } from '#libs/contracts/http/history.js';
import { parseSelector } from '#libs/contracts/selectors.js';
import { eventOf } from '#libs/domain/aggregate.js';
import { NETWORK } from '#libs/domain/network/aggregate.js';
import { evolveNetwork } from '#libs/domain/network/state.js';
import type { StoredEvent } from '#libs/event-store/event-store.js';
import { evaluateServed } from '#libs/policy/evaluate-selector.js';
import type { SelectorVerdict, Topology } from '#libs/policy/model.js';
import { BEFORE_ANY_END } from '#libs/policy/rule-ends.js';
import { NetworkPast, pastChangeDto } from '../status/network-past.js';
import { ListVerdictTurns } from './queries.js';

const MOST_TURNS = 200;

/**
 * The versions at which what policy decides became something else, and the commands that did that. What a rule's end
 * changed stands at the event that says it has ended, which has the time in it.
 */
@QueryHandler(ListVerdictTurns)
export class ListVerdictTurnsHandler implements IQueryHandler<ListVerdictTurns> {
  constructor(private readonly past: NetworkPast) {}

  async execute({ network: name, question: { from, alias, port } }: ListVerdictTurns): Promise<VerdictTurnsDto> {
    const network = await this.past.find(name);
    const selector = parseSelector(from, 'from');
    const turns: (Omit<VerdictTurnDto, 'change'> & { readonly event: StoredEvent })[] = [];
    let topology: Topology | null = null;
    let verdict: SelectorVerdict | null = null;
    for await (const event of this.past.allEvents(network)) {
      topology = evolveNetwork(topology, eventOf(NETWORK, event));
      const next = topology.deleted ? null : evaluateServed(topology, selector, alias, port, BEFORE_ANY_END);
      if (next !== null && (next.effect !== verdict?.effect || next.reason !== verdict.reason)) {
        const { effect, reason, ruleId } = next;
        turns.push({ event, effect, reason, ruleId });
      }
      verdict = next;
    }
    const shown = turns.toReversed().slice(0, MOST_TURNS);
    const rules = await this.past.rulesRemovedBy(
      network,
      shown.map(({ event }) => event),
    );
    return {
      network: name,
      turns: shown.map(({ event, ...turn }) => ({ change: pastChangeDto(event, network, rules), ...turn })),
      turnsLeftOut: Math.max(0, turns.length - MOST_TURNS),
    };
  }
}
