/** An nftables table. */
export interface TableName {
  readonly family: 'inet' | 'bridge';
  readonly name: string;
}

/** A named set. Its elements change with the sandboxes, while the rules that use it stay. */
export interface ElementSet {
  readonly name: string;
  /** For instance `type ifname`, or `typeof iifname . ip saddr`. */
  readonly type: string;
  /** Without duplicates, in nft's form. */
  readonly elements: readonly string[];
}

export interface TableRules {
  readonly table: TableName;
  readonly sets: readonly ElementSet[];
  readonly chains: string;
}

/** The kernel's state of a table. Elements are separate, so that they can be compared in any order. */
export interface ListedTable {
  readonly frame: string;
  readonly elements: ReadonlyMap<string, ReadonlySet<string>>;
}

/** nft commands that replace these tables as a whole. */
export function wholeTables(tables: readonly TableRules[]): string {
  return tables
    .map(({ table, sets, chains }) => {
      const sections = sets.map(({ name, type, elements }) => `  set ${name} { ${type}\n    ${listOf(elements)}\n  }`);
      return `${noTable(table)}\ntable ${table.family} ${table.name} {\n${[...sections, chains].join('\n')}\n}\n`;
    })
    .join('');
}

/** Deletes a table whether or not it exists: nft refuses to delete a missing one. */
export function noTable({ family, name }: TableName): string {
  return `table ${family} ${name}\ndelete table ${family} ${name}`;
}

/**
 * nft commands that change the elements of sets from one state to the other, empty for no change; null: more than
 * elements has changed.
 */
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

/** Parses the output of `nft list table`. */
export function parseTable(listing: string): ListedTable {
  const elements = new Map<string, ReadonlySet<string>>();
  for (const [, name = '', list] of listing.matchAll(
    /^\tset (\S+) \{\n(?:\t\t(?!elements).*\n)*(?:\t\telements = \{([^}]*)\})?/gm,
  )) {
    elements.set(name, new Set(list === undefined ? [] : list.split(',').map((element) => element.trim())));
  }
  return { frame: listing.replaceAll(/^\t\telements = \{[^}]*\}\n/gm, ''), elements };
}

/** Whether the kernel's sets have exactly these elements. */
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
