import { expect } from 'chai';
import {
  changedElements,
  hasElements,
  parseTable,
  type TableRules,
  wholeTables,
} from '#apps/agent/sandboxes/firewall/table-rules.js';

const table = { family: 'inet', name: 'gs_test' } as const;
const CHAINS = '  chain input {\n    type filter hook input priority 0;\n  }';

function rules(links: readonly string[], sources: readonly string[], chains = CHAINS): readonly TableRules[] {
  return [
    {
      table,
      sets: [
        { name: 'links', type: 'type ifname', elements: links },
        { name: 'sources', type: 'typeof iifname . ip saddr', elements: sources },
      ],
      chains,
    },
  ];
}

const one = rules(['"a0"'], ['"a0" . 10.0.0.1']);

describe('rules of a table with sets', () => {
  it('are replaced as a whole, whether or not they are there', () => {
    expect(wholeTables(one)).to.match(/^table inet gs_test\ndelete table inet gs_test\ntable inet gs_test \{\n/);
    expect(wholeTables(rules([], []))).to.not.contain('elements');
  });

  const changes: readonly (readonly [string, readonly TableRules[], string | null])[] = [
    ['nothing', rules(['"a0"'], ['"a0" . 10.0.0.1']), ''],
    [
      'a sandbox that comes',
      rules(['"a0"', '"b0"'], ['"b0" . 10.0.0.2', '"a0" . 10.0.0.1']),
      'add element inet gs_test links { "b0" }\nadd element inet gs_test sources { "b0" . 10.0.0.2 }',
    ],
    [
      'a sandbox that goes',
      rules([], []),
      'delete element inet gs_test links { "a0" }\ndelete element inet gs_test sources { "a0" . 10.0.0.1 }',
    ],
    [
      'a sandbox with another address',
      rules(['"a0"'], ['"a0" . 10.0.0.9']),
      'delete element inet gs_test sources { "a0" . 10.0.0.1 }\nadd element inet gs_test sources { "a0" . 10.0.0.9 }',
    ],
    ['other chains', rules(['"a0"'], ['"a0" . 10.0.0.1'], `${CHAINS}\n`), null],
    ['another table', [], null],
  ];
  for (const [what, after, commands] of changes) {
    it(`are changed by elements alone where that is enough: ${what}`, () => {
      expect(changedElements(one, after)).to.equal(commands);
    });
  }

  const listing = (elements: string) => `table inet gs_test {
	set links {
		type ifname
		elements = { "a0" }
	}

	set sources {
		typeof iifname . ip saddr${elements}
	}

	chain input {
		iifname != { "a0", "lo" } drop
	}
}
`;

  it('are compared with what nft lists, in any order', () => {
    const wanted = rules(['"a0"'], ['"b0" . 10.0.0.2', '"a0" . 10.0.0.1']);
    const listed = parseTable(listing('\n\t\telements = { "a0" . 10.0.0.1,\n\t\t\t     "b0" . 10.0.0.2 }'));
    expect(wanted.map((each) => hasElements(listed, each))).to.deep.equal([true]);
    const empty = parseTable(listing(''));
    expect(empty.frame).to.equal(listed.frame);
    expect(hasElements(empty, { table, sets: [{ name: 'sources', type: '', elements: [] }], chains: '' })).to.equal(
      true,
    );
  });

  for (const [what, elements] of [
    ['one too few', '\n\t\telements = { "a0" . 10.0.0.1 }'],
    ['one too many', '\n\t\telements = { "a0" . 10.0.0.1, "b0" . 10.0.0.2, "c0" . 10.0.0.3 }'],
    ['the same words put together otherwise', '\n\t\telements = { "a0" . 10.0.0.2, "b0" . 10.0.0.1 }'],
    ['no table', null],
  ] as const) {
    it(`are not what nft lists with ${what}`, () => {
      const listed = parseTable(elements === null ? '' : listing(elements));
      const [wanted] = rules(['"a0"'], ['"b0" . 10.0.0.2', '"a0" . 10.0.0.1']);
      expect(wanted !== undefined && hasElements(listed, wanted)).to.equal(false);
    });
  }
});
