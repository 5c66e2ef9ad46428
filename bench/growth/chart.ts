/** A line of the chart: one value for each size, in order. */
export interface Line {
  readonly name: string;
  readonly values: readonly number[];
}

const WIDTH = 640;
const HEIGHT = 320;
const LEFT = 60;
const RIGHT = 170;
const TOP = 40;
const BOTTOM = 40;
const COLOURS = ['#1f77b4', '#d62728', '#2ca02c', '#9467bd', '#8c564b', '#e377c2'];

/** An SVG of these lines over sizes, which are spaced evenly; the vertical axis starts at 0. */
export function chart(title: string, unit: string, sizes: readonly number[], lines: readonly Line[]): string {
  const most = Math.max(...lines.flatMap(({ values }) => values));
  const x = (index: number): number => LEFT + (index * (WIDTH - LEFT - RIGHT)) / Math.max(1, sizes.length - 1);
  const y = (value: number): number => HEIGHT - BOTTOM - (value / most) * (HEIGHT - TOP - BOTTOM);
  const text = (at: readonly [number, number], anchor: string, words: string): string =>
    `<text x="${at[0].toFixed(0)}" y="${at[1].toFixed(0)}" text-anchor="${anchor}">${words}</text>`;
  const drawn = lines.map(({ name, values }, index) => {
    const colour = COLOURS[index % COLOURS.length];
    const points = values.map((value, at) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
    const key: readonly [number, number] = [WIDTH - RIGHT + 15, TOP + 16 * index];
    return `<g fill="${colour}"><polyline points="${points}" fill="none" stroke="${colour}" stroke-width="2"/>${text(key, 'start', name)}</g>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<title>${title}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    text([LEFT, 20], 'start', title),
    ...[0, most / 2, most].map((value) =>
      text([LEFT - 6, y(value) + 4], 'end', `${Number(value.toPrecision(2)).toLocaleString('en')} ${unit}`),
    ),
    ...sizes.map((size, index) => text([x(index), HEIGHT - BOTTOM + 18], 'middle', size.toLocaleString('en'))),
    `<line x1="${LEFT}" y1="${y(0)}" x2="${WIDTH - RIGHT}" y2="${y(0)}" stroke="black"/>`,
    ...drawn,
    '</svg>\n',
  ].join('\n');
}
