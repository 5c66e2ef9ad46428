/** A table of nftables. */
export interface TableName {
  readonly family: 'inet' | 'bridge';
  readonly name: string;
}

/** A named set. Its elements come and go with the sandboxes, and the rules that name it stay. */
export interface ElementSet {
  readonly name: string;
  /** Such as `type ifname`, or `typeof iifname . ip saddr`. */
  readonly type: string;
  /** Each once, as nft prints it. */
  readonly elements: readonly string[];
}

export interface TableRules {
  readonly table: TableName;
  readonly sets: readonly ElementSet[];
  readonly chains: string;
}

/** What the kernel has of a table; without elements, so that these can be compared in any order. */
export interface ListedTable {
  readonly frame: string;
  readonly elements: ReadonlyMap<string, ReadonlySet<string>>;
}

/** The tables as a whole, in place of what is there. */
export function wholeTables(tables: readonly TableRules[]): string {
  return tables
    .map(({ table, sets, chains }) => {
      const sections = sets.map(({ name, type, elements }) => `  set ${name} { ${type}\n    ${listOf(elements)}\n  }`);
      return `${noTable(table)}\ntable ${table.family} ${table.name} {\n${[...sections, chains].join('\n')}\n}\n`;
    })
    .join('');
}

/** Takes a table away whether or not it is there: nft refuses to delete what is not. */
export function noTable({ family, name }: TableName): string {
  return `table ${family} ${name}\ndelete table ${family} ${name}`;
}

/** What leads from the one to the other, empty for no change; null: more than elements of sets has changed. */
export function changedElements(before: readonly TableRules[], after: readonly TableRules[]): string | null {
  if (JSON.stringify(before.map(frameOf)) !== JSON.stringify(after.map(frameOf))) return null;
  const commands = after.flatMap(({ table, sets }, tablePlace) =>
    sets.flatMap(({ name, elements }, setPlace) => {
      const had = new Set(before[tablePlace]?.sets[setPlace]?.elements);
      const has = new Set(elements);
      const place = `${table.family} ${table.name} ${name}`;
      return [
        ...command(
          'delete',
          place,
          [...had].filter((element) => !has.has(element)),
        ),
        ...command(
          'add',
          place,
          [...has].filter((element) => !had.has(element)),
        ),
      ];
    }),
  );
  return commands.join('\n');
}

/** Reads what `nft list table` printed. */
export function parseTable(listing: string): ListedTable {
  const elements = new Map<string, ReadonlySet<string>>();
  for (const [, name = '', list] of listing.matchAll(
    /^\tset (\S+) \{\n(?:\t\t(?!elements).*\n)*(?:\t\telements = \{([^}]*)\})?/gm,
  )) {
    elements.set(name, new Set(list === undefined ? [] : list.split(',').map((element) => element.trim())));
  }
  return { frame: listing.replaceAll(/^\t\telements = \{[^}]*\}\n/gm, ''), elements };
}

/** Whether the kernel has just these elements. */
export function hasElements({ elements }: ListedTable, { sets }: TableRules): boolean {
  return sets.every((set) => {
    const listed = elements.get(set.name);
    return listed?.size === set.elements.length && set.elements.every((element) => listed.has(element));
  });
}

function frameOf({ table, sets, chains }: TableRules) {
  return [table.family, table.name, sets.map(({ name, type }) => [name, type]), chains];
}

function command(verb: 'add' | 'delete', place: string, elements: readonly string[]): readonly string[] {
  return elements.length === 0 ? [] : [`${verb} element ${place} { ${elements.join(', ')} }`];
}

function listOf(elements: readonly string[]): string {
  return elements.length === 0 ? '' : `elements = { ${elements.join(', ')} }`;
}
