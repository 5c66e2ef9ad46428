import * as Flags from '@oclif/core/flags';
import { wordOf } from '#libs/contracts/json-fields.js';
import { MAX_PAGE_SIZE } from '#libs/contracts/page-size.js';
import { parseLabelFilter, wholeNumber } from '#libs/contracts/values.js';
import type { Connection } from './api/connect.js';
import { type ConnectionFlags, GstacksCommand } from './command.js';
import type { Column } from './output/table.js';

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

export interface PageQuery {
  readonly limit?: number;
  readonly cursor?: string;
}

interface ListFlags extends ConnectionFlags {
  readonly limit?: string | undefined;
  readonly cursor?: string | undefined;
}

export interface ListView<Item> {
  readonly columns: readonly Column<Item>[];
  /** Printed instead of an empty table, with what to do about it. */
  readonly whenEmpty: string;
  /** Printed below the table, for what needs more words than a column holds. */
  readonly notes?: (item: Item) => readonly string[];
}

/** A command that lists everything, or one page with `--limit` or `--cursor`. */
export abstract class ListCommand extends GstacksCommand {
  static override baseFlags = {
    ...GstacksCommand.baseFlags,
    limit: Flags.string({
      description: 'answer with one page of at most this many',
      helpGroup: 'LIST',
      helpValue: '<count>',
    }),
    cursor: Flags.string({ description: 'nextCursor of the page before', helpGroup: 'LIST', helpValue: '<cursor>' }),
  };

  protected async list<Item>(
    flags: ListFlags,
    read: (connection: Connection, query: PageQuery) => Promise<Page<Item>>,
    view: ListView<Item>,
  ): Promise<Page<Item>> {
    const onePage = {
      ...(flags.limit === undefined ? {} : { limit: wholeNumber(1, MAX_PAGE_SIZE)(flags.limit, '--limit') }),
      ...(flags.cursor === undefined ? {} : { cursor: flags.cursor }),
    };
    const connection = await this.connect(flags);
    const page =
      flags.limit === undefined && flags.cursor === undefined
        ? await readAll((query) => read(connection, query))
        : await read(connection, onePage);
    const filters = Object.keys(flags).filter((name) => !(name in ListCommand.baseFlags) && name !== 'json');
    if (page.items.length > 0) this.screen.table(page.items, view.columns);
    else if (filters.length === 0) this.screen.line(view.whenEmpty);
    else {
      const given = filters.map((name) => `--${name}`).join(' and ');
      this.screen.line(`none matches ${given}; without ${given} all are listed`);
    }
    for (const note of page.items.flatMap((item) => view.notes?.(item) ?? [])) this.screen.line(note, 'bad');
    if (page.nextCursor !== null) this.screen.line(`there is more: --cursor ${page.nextCursor}`);
    return page;
  }

  protected labelFilter(label: string | undefined): { readonly label?: string } {
    if (label === undefined) return {};
    parseLabelFilter(label, '--label');
    return { label };
  }

  protected statusFilter<Status extends string>(
    status: string | undefined,
    statuses: readonly Status[],
  ): { readonly status?: Status } {
    return status === undefined ? {} : { status: wordOf(statuses)(status, '--status') };
  }
}

/** Reads all pages, one after the other. */
export async function readAll<Item>(read: (query: PageQuery) => Promise<Page<Item>>): Promise<Page<Item>> {
  const items: Item[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<Item> = await read({ limit: MAX_PAGE_SIZE, ...(cursor === null ? {} : { cursor }) });
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return { items, nextCursor: null };
}
