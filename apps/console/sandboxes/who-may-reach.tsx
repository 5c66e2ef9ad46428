import { useQuery } from '@tanstack/react-query';
import { reachabilityQuery } from '../api/queries.js';
import type { Edge } from '../api/shapes.js';
import { Loaded } from '../frame/loaded.js';
import { VerdictWord } from '../vocabulary/state.js';

interface Props {
  readonly network: string;
  readonly aliases: readonly string[];
}

const MOST_NAMED = 4;

/** Who may reach a sandbox in one network by the current rules. */
export function WhoMayReach({ network, aliases }: Props) {
  const query = useQuery(reachabilityQuery(network));
  if (aliases.length === 0) return null;
  return (
    <section className="part">
      <div className="heading">
        <h2>Who may reach it in {network}</h2>
        <span className="remark">by evaluating today's rules</span>
      </div>
      <Loaded query={query}>
        {({ edges, version }) => (
          <table>
            <thead>
              <tr>
                <th scope="col">From</th>
                <th scope="col">Verdict</th>
                <th scope="col">To</th>
                <th scope="col" className="wide-only">
                  Because
                </th>
              </tr>
            </thead>
            <tbody>
              {grouped(edges.filter(({ alias }) => aliases.includes(alias))).map(
                ({ key, effect, target, from, rules }) => (
                  <tr key={key}>
                    <td className="mono">{named(from)}</td>
                    <td>
                      <VerdictWord of={effect} />
                    </td>
                    <td className="mono">{target}</td>
                    <td className="mono second wide-only">{named(rules)}</td>
                  </tr>
                ),
              )}
              <tr>
                <td className="second">everyone else</td>
                <td>
                  <VerdictWord of="no-rule" />
                </td>
                <td className="second">all its names</td>
                <td className="remark wide-only">What no rule allows is denied, at v{version}</td>
              </tr>
            </tbody>
          </table>
        )}
      </Loaded>
    </section>
  );
}

interface Group {
  readonly key: string;
  readonly effect: 'allow' | 'deny';
  readonly target: string;
  readonly from: readonly string[];
  readonly rules: readonly string[];
}

/** One row per target and effect. */
export function grouped(edges: readonly Edge[]): readonly Group[] {
  const groups = new Map<string, Edge[]>();
  for (const edge of edges) {
    const key = `${edge.alias}:${edge.port} ${edge.effect}`;
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push(edge);
  }
  return [...groups].map(([key, group]) => ({
    key,
    effect: group[0]?.effect ?? 'deny',
    target: `${group[0]?.alias}:${group[0]?.port}`,
    from: group.map(({ from }) => from.replace(/^sandbox:/, '')),
    rules: [...new Set(group.map(({ ruleId }) => ruleId))],
  }));
}

function named(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return `${names.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
