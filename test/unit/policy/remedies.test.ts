import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseRuleId, parseSandboxId } from '#libs/contracts/ids.js';
import { SELECTOR_VERDICT_REASONS, type SelectorVerdictReason } from '#libs/contracts/verdicts.js';
import { policyRemedy } from '#libs/policy/remedies.js';
import { CLONE } from '#test/support/clone.js';
import { attached, created, published, topologyOf } from './network-events.js';

const DEV = topologyOf(
  created(),
  attached('sbx-web', 'host-a'),
  attached('sbx-api', 'host-b'),
  published('api', 'sbx-api', 9090),
);
const WEB = { kind: 'sandbox', sandboxId: parseSandboxId('sbx-web', 'sandbox') } as const;
const RULE = parseRuleId('rule-4f9c21ab', 'rule');
const QUESTION = { from: 'label:tier=web', alias: 'api', port: 8080 };

function remedyFor(
  reason: SelectorVerdictReason,
  ruleId: typeof RULE | null = null,
  alias = QUESTION.alias,
): string | null {
  const effect = reason === 'ALLOWED' ? 'allow' : reason === 'MIXED' ? 'mixed' : 'deny';
  return policyRemedy(DEV, { ...QUESTION, alias }, { effect, reason, ruleId });
}

describe('what to do about a verdict', () => {
  const rows: readonly (readonly [SelectorVerdictReason, typeof RULE | null, string | null])[] = [
    ['ALLOWED', RULE, null],
    ['EXPLICIT_DENY', RULE, 'gstacks network policy remove dev rule-4f9c21ab'],
    ['EXPLICIT_DENY', null, 'gstacks network policy list dev'],
    ['DEFAULT_DENY', null, 'gstacks network policy allow dev --from label:tier=web --to api --port 8080'],
    ['MIXED', null, 'gstacks network policy allow dev --from label:tier=web --to api --port 8080'],
    ['QUARANTINED', null, 'gstacks network quarantine dev --lift'],
    ['NOT_ATTACHED', null, 'gstacks network attach dev <sandbox-id>, for a sandbox that label:tier=web matches'],
    [
      'NO_ALIAS',
      null,
      'gstacks network alias add dev <sandbox-id> api --port 8080, or see what is published: gstacks network alias list dev',
    ],
    [
      'NO_PORT',
      null,
      'gstacks network alias add dev <sandbox-id> api --port 8080, or see what is published: gstacks network alias list dev',
    ],
  ];
  for (const [reason, ruleId, remedy] of rows) {
    it(`is, of ${reason}${ruleId === null ? '' : ` by ${ruleId}`}: ${remedy ?? 'nothing'}`, () => {
      expect(remedyFor(reason, ruleId)).to.equal(remedy);
    });
  }

  const outside: readonly (readonly [SelectorVerdictReason, typeof RULE | null, string | null])[] = [
    ['ALLOWED', RULE, null],
    ['EXPLICIT_DENY', RULE, 'gstacks network egress remove dev rule-4f9c21ab'],
    ['EXPLICIT_DENY', null, 'gstacks network egress list dev'],
    ['DEFAULT_DENY', null, 'gstacks network egress allow dev --from label:tier=web --to api.example.com:8080'],
    ['MIXED', null, 'gstacks network egress allow dev --from label:tier=web --to api.example.com:8080'],
    ['NOT_ATTACHED', null, 'gstacks network attach dev <sandbox-id>, for a sandbox that label:tier=web matches'],
  ];
  for (const [reason, ruleId, remedy] of outside) {
    it(`on a name outside is, of ${reason}${ruleId === null ? '' : ` by ${ruleId}`}: ${remedy ?? 'nothing'}`, () => {
      expect(remedyFor(reason, ruleId, 'api.example.com')).to.equal(remedy);
    });
  }

  const unattached: readonly (readonly [string, string])[] = [
    ['sandbox:sbx-job', 'gstacks network attach dev sbx-job'],
    [
      'web',
      'gstacks network attach dev <sandbox-id> --alias web --port <port>, or see which aliases there are: gstacks network alias list dev',
    ],
    ['any', 'gstacks network attach dev <sandbox-id>, for a sandbox that any matches'],
    [
      'sbx-web',
      'gstacks network test dev sandbox:sbx-web api:8080, since sbx-web is the id of a sandbox, and not an alias',
    ],
  ];
  for (const [from, remedy] of unattached) {
    it(`of NOT_ATTACHED from ${from} is: ${remedy}`, () => {
      const verdict = { effect: 'deny', reason: 'NOT_ATTACHED', ruleId: null } as const;
      expect(policyRemedy(DEV, { ...QUESTION, from }, verdict)).to.equal(remedy);
    });
  }

  const targets: readonly (readonly [string, string])[] = [
    [
      'sbx-api',
      'gstacks network test dev label:tier=web api:8080, since sbx-api is the id of a sandbox, and api its alias',
    ],
    [
      'sbx-web',
      'gstacks network alias add dev sbx-web <alias> --port 8080, since sbx-web is a sandbox without an alias',
    ],
  ];
  for (const [alias, remedy] of targets) {
    it(`of NO_ALIAS for ${alias}, the id of a sandbox, is: ${remedy}`, () => {
      expect(remedyFor('NO_ALIAS', null, alias)).to.equal(remedy);
    });
  }

  const denied = { effect: 'deny', ruleId: RULE, reason: 'EXPLICIT_DENY' } as const;
  const unruled = { effect: 'deny', ruleId: null, reason: 'DEFAULT_DENY' } as const;
  const rest = { nearMisses: [], version: 1 };
  const mixed: readonly (readonly [string, readonly (typeof denied | typeof unruled)[], string, string])[] = [
    ['api', [unruled, denied], 'a rule denies one', 'gstacks network policy remove dev rule-4f9c21ab'],
    ['api.example.com', [denied], 'a rule denies one', 'gstacks network egress remove dev rule-4f9c21ab'],
    [
      'api',
      [unruled],
      'no rule allows one',
      'gstacks network policy allow dev --from label:tier=web --to api --port 8080',
    ],
  ];
  for (const [alias, verdicts, why, remedy] of mixed) {
    it(`of MIXED about ${alias}, where ${why}, is: ${remedy}`, () => {
      const members = verdicts.map((verdict) => ({ source: WEB, verdict: { ...verdict, ...rest } }));
      const verdict = { effect: 'mixed', reason: 'MIXED', ruleId: null, members } as const;
      expect(policyRemedy(DEV, { ...QUESTION, alias }, verdict)).to.equal(remedy);
    });
  }

  for (const from of ['local', 'local:ada']) {
    it(`on a name outside from ${from} never is an egress rule, which is refused`, () => {
      const question = { from, alias: 'api.example.com', port: 443 };
      expect(policyRemedy(DEV, question, { effect: 'deny', reason: 'NOT_ATTACHED', ruleId: null })).to.equal(
        'gstacks network test dev any api.example.com:443, since only sandboxes reach outside names through an agent',
      );
    });
  }

  it('names commands that exist, with the network that was asked about', () => {
    const { commands } = JSON.parse(readFileSync(join(CLONE, 'oclif.manifest.json'), 'utf8')) as { commands: object };
    const known = Object.keys(commands).map((id) => id.replaceAll(':', ' '));
    const reasons = SELECTOR_VERDICT_REASONS.filter((one) => one !== 'ALLOWED');
    for (const [reason, alias] of reasons.flatMap((one) => [
      [one, 'api'] as const,
      [one, 'api.example.com'] as const,
    ])) {
      const named = [...(remedyFor(reason, RULE, alias) ?? '').matchAll(/gstacks ((?:[a-z]+ )+)dev\b/g)];
      expect(named, reason).not.to.deep.equal([]);
      for (const [, words = ''] of named) expect(known, words).to.include(words.trim());
    }
  });
});
