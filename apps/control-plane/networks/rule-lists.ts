import { Injectable } from '@nestjs/common';
import type { PageQuery } from '#libs/contracts/http/page.js';
import type { ListedRuleDto } from '#libs/contracts/http/rules.js';
import type { Effect } from '#libs/contracts/rules.js';
import type { Since, Topology } from '#libs/policy/model.js';
import { pageOf } from '../http/paging.js';
import { RuleAuthors } from '../status/rule-authors.js';

type Origin = Pick<ListedRuleDto, 'since' | 'by' | 'at'>;

/** Rules of a network in the order in which they were made, with their authors. */
@Injectable()
export class RuleLists {
  constructor(private readonly authors: RuleAuthors) {}

  /** One page of them; `print` makes an item of each. */
  async page<Rule extends Since & { readonly effect: Effect }, Item extends object>(
    topology: Topology,
    rules: Iterable<Rule>,
    filter: PageQuery & { readonly effect?: Effect },
    print: (rule: Rule) => Item,
  ): Promise<{ readonly items: readonly (Item & Origin)[]; readonly nextCursor: string | null }> {
    const listed = [...rules].filter(({ effect }) => filter.effect === undefined || effect === filter.effect);
    const { items, nextCursor } = pageOf(listed, orderOfMaking, filter);
    const authors = await this.authors.of(topology, items);
    return {
      items: items.map((rule, place) => ({
        ...print(rule),
        since: rule.since,
        ...(authors[place] ?? { by: null, at: null }),
      })),
      nextCursor,
    };
  }
}

/** A version brings one rule at most, so that no two have the same. */
function orderOfMaking({ since }: Since): string {
  return String(since).padStart(16, '0');
}
