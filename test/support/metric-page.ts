import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLONE } from './clone.js';

/** One metric of a page in Prometheus' text format. */
export interface PageMetric {
  readonly name: string;
  readonly type: string;
  readonly help: string;
}

/** Every metric of the page; throws at an invalid line. */
export function metricsOf(page: string): readonly PageMetric[] {
  const helps = new Map<string, string>();
  const metrics: PageMetric[] = [];
  for (const line of page.split('\n').filter((each) => each !== '')) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
    if (kind === 'HELP') helps.set(name, rest);
    else if (kind === 'TYPE') metrics.push({ name, type: rest, help: helps.get(name) ?? '' });
    else if (!/^[a-z][a-z0-9_]*(\{.*\})? [-+.0-9eInfNa]+$/.test(line)) throw new Error(`no metric: ${line}`);
  }
  return metrics;
}

/** The help of each metric that docs/metrics.md describes: its line there, without backquotes. */
export function describedMetrics(): ReadonlyMap<string, string> {
  const text = readFileSync(join(CLONE, 'docs/metrics.md'), 'utf8');
  const lines = text.matchAll(/^\| `(gs_[a-z_]+)[^|]*\| (.*?) *\|$/gm);
  return new Map([...lines].map(([, name = '', meaning = '']) => [name, meaning.replaceAll('`', '')]));
}

/** The value of one series, with its labels exactly as in the page; null: there is no such series. */
export function seriesValue(page: string, series: string): number | null {
  const line = page.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? null : Number(line.slice(series.length + 1).replace('+Inf', 'Infinity'));
}

const ABBREVIATED =
  /_(s|ms|us|ns|sec|secs|milliseconds|microseconds|minutes|hours|b|kb|mb|kilobytes|megabytes|percent)(_|$)/;
const NAMES_ITS_TYPE = /_(counter|gauge|histogram|summary)(_|$)/;

/** The complaints of `promtool check metrics`: the rules of its linter about name, help, type and unit. */
export function complaints(page: string): readonly string[] {
  return metricsOf(page).flatMap(({ name, type, help }) => [
    ...(help === '' ? [`${name} has no help`] : []),
    ...(type === 'counter' && !name.endsWith('_total') ? [`${name}: a counter ends in _total`] : []),
    ...(type !== 'counter' && name.endsWith('_total') ? [`${name}: only a counter ends in _total`] : []),
    ...(/_(count|sum|bucket)$/.test(name) ? [`${name} ends as the series of a histogram do`] : []),
    ...(/^[a-z][a-z0-9_]*$/.test(name) ? [] : [`${name} is not in lower case with underscores`]),
    ...(ABBREVIATED.test(name) ? [`${name}: units are base units, in full`] : []),
    ...(NAMES_ITS_TYPE.test(name) ? [`${name} names its type`] : []),
  ]);
}
