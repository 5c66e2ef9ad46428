import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useMemo, useRef } from 'react';

export interface Column<Row> {
  readonly heading: ReactNode;
  readonly cell: (row: Row) => ReactNode;
  readonly className?: string;
}

interface Props<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  /** A CSS class for the row, such as `unproven`. */
  readonly classOf?: (row: Row) => string;
}

/** Up to this number, all rows are rendered; above it, only those near the visible part. */
const MOST_ROWS = 80;
const ROW_HEIGHT = 34;
const OVERSCAN = 10;

/** A table element. A long one scrolls on its own and renders only the rows near the visible part. */
export function ListTable<Row>(props: Props<Row>) {
  return props.rows.length <= MOST_ROWS ? <WholeTable {...props} /> : <LongTable {...props} />;
}

function Headings<Row>({ columns }: Pick<Props<Row>, 'columns'>) {
  return (
    <thead>
      <tr>
        {columns.map(({ heading, className }, place) => (
          <th key={columnKey(place)} scope="col" className={className}>
            {heading}
          </th>
        ))}
      </tr>
    </thead>
  );
}

const columnKey = (place: number): string => `column ${place}`;

/** Renders only when its own row changed; the query cache keeps unchanged rows identical. */
function KeptCells<Row>({ columns, row }: { readonly columns: Props<Row>['columns']; readonly row: Row }) {
  return useMemo(
    () =>
      columns.map(({ cell, className }, place) => (
        <td key={columnKey(place)} className={className}>
          {cell(row)}
        </td>
      )),
    [columns, row],
  );
}

function WholeTable<Row>({ label, columns, rows, keyOf, classOf }: Props<Row>) {
  return (
    <table aria-label={label}>
      <Headings columns={columns} />
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)} className={classOf?.(row)}>
            <KeptCells columns={columns} row={row} />
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function LongTable<Row>({ label, columns, rows, keyOf, classOf }: Props<Row>) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: OVERSCAN,
    getItemKey: (index) => {
      const row = rows[index];
      return row === undefined ? index : keyOf(row);
    },
  });
  const items = virtualizer.getVirtualItems();
  const before = items[0]?.start ?? 0;
  const after = virtualizer.getTotalSize() - (items.at(-1)?.end ?? 0);
  return (
    <section className="scroller" ref={scroller} aria-label={`${label}, scrolls`}>
      <table aria-label={label} aria-rowcount={rows.length + 1}>
        <Headings columns={columns} />
        <tbody>
          <Spacer height={before} columns={columns.length} />
          {items.map(({ index, key }) => {
            const row = rows[index];
            if (row === undefined) return null;
            return (
              <tr
                key={key}
                data-index={index}
                ref={virtualizer.measureElement}
                aria-rowindex={index + 2}
                className={classOf?.(row)}
              >
                <KeptCells columns={columns} row={row} />
              </tr>
            );
          })}
          <Spacer height={after} columns={columns.length} />
        </tbody>
      </table>
    </section>
  );
}

function Spacer({ height, columns }: { readonly height: number; readonly columns: number }) {
  if (height <= 0) return null;
  return (
    <tr className="spacer">
      <td colSpan={columns} style={{ height }} />
    </tr>
  );
}
