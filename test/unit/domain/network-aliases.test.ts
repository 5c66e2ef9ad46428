import {
  aliasRemoved,
  detached,
  portsChanged,
  published,
  rule,
  ruleRemoved,
} from '#test/unit/policy/network-events.js';
import { attach, given, publish, unpublish } from './network-commands.js';
import { dev, port, withApi, withRule } from './network-fixtures.js';

describe('publishing an alias', () => {
  it('names a sandbox and its ports, in order', () => {
    given(...dev)
      .when(publish('sbx-api', 'api', [9090, '80:8080']))
      .thenWritten([published('api', 'sbx-api', '80:8080', 9090)], {
        alias: 'api',
        sandboxId: 'sbx-api',
        ports: [port(80, 8080), port(9090)],
      });
  });

  it('changes nothing when it is so already', () => {
    given(...withApi)
      .when(publish('sbx-api', 'api', [8080]))
      .thenWritten([], { alias: 'api', sandboxId: 'sbx-api', ports: [port(8080)] });
  });

  it('adds ports to those that an alias of the same sandbox has', () => {
    given(...withRule)
      .when(publish('sbx-api', 'api', [9090, 80]))
      .thenWritten([portsChanged('api', 80, 8080, 9090)], {
        alias: 'api',
        sandboxId: 'sbx-api',
        ports: [port(80), port(8080), port(9090)],
      });
    given(...dev, published('api', 'sbx-api', 80, 8080))
      .when(publish('sbx-api', 'api', [8080]))
      .thenWritten([], { alias: 'api', sandboxId: 'sbx-api', ports: [port(80), port(8080)] });
    given(...withApi)
      .when(attach('sbx-api', { as: 'api', ports: [9090] }))
      .thenWritten([portsChanged('api', 8080, 9090)], { sandboxId: 'sbx-api', alias: 'api' });
  });

  it('never leads a port elsewhere unasked, and says how to ask', () => {
    given(...dev, published('api', 'sbx-api', 443, '80:8080'))
      .when(publish('sbx-api', 'api', ['80:9090', 9000]))
      .thenRefused(
        'conflict',
        'ALIAS_PORT_DIFFERS',
        'publishes 80:8080 already, not 80:9090;',
        'gstacks network alias add dev sbx-api api --port 80:9090 --port 443 --port 9000 --replace-ports',
      );
  });

  it('adds ports up to the most that one alias has', () => {
    const most = Array.from({ length: 32 }, (_, at) => at + 1);
    given(...dev, published('api', 'sbx-api', ...most))
      .when(publish('sbx-api', 'api', [8080]))
      .thenRefused('conflict', 'TOO_MANY_PORTS', 'api', '32', '--replace-ports');
    given(...dev, published('api', 'sbx-api', ...most))
      .when(publish('sbx-api', 'api', [8080], { replacePorts: true }))
      .thenWritten([portsChanged('api', 8080)], { alias: 'api', sandboxId: 'sbx-api', ports: [port(8080)] }, []);
  });

  it('replaces the ports of an alias when asked, and names rules that come to nothing by it', () => {
    given(...withRule)
      .when(publish('sbx-api', 'api', [9090], { replacePorts: true }))
      .thenWritten([portsChanged('api', 9090)], { alias: 'api', sandboxId: 'sbx-api', ports: [port(9090)] }, [
        'PORT_NOT_PUBLISHED: rule-0001 names port 8080, which api does not publish',
      ]);
    given(...withApi)
      .when(publish('sbx-api', 'api', ['8080:80'], { replacePorts: true }))
      .thenWritten([portsChanged('api', '8080:80')], { alias: 'api', sandboxId: 'sbx-api', ports: [port(8080, 80)] });
    given(...withApi)
      .when(publish('sbx-api', 'api', ['9090:8080'], { replacePorts: true }))
      .thenWritten([portsChanged('api', '9090:8080')], {
        alias: 'api',
        sandboxId: 'sbx-api',
        ports: [port(9090, 8080)],
      });
    given(...dev, published('api', 'sbx-api', 80, 8080))
      .when(attach('sbx-api', { as: 'api', ports: [9090], replacePorts: true }))
      .thenWritten([portsChanged('api', 9090)], { sandboxId: 'sbx-api', alias: 'api' });
  });

  it('refuses an alias that another sandbox publishes', () => {
    given(...withApi)
      .when(publish('sbx-web', 'api'))
      .thenRefused('conflict', 'ALIAS_TAKEN', 'api', 'sbx-api');
  });

  it('refuses a sandbox that is not attached', () => {
    given(...dev)
      .when(publish('sbx-typo', 'api'))
      .thenRefused('not-found', 'NOT_ATTACHED', 'sbx-typo', 'gstacks network attach dev sbx-typo');
  });

  it('says in which order the two stand when the alias is the id of an attached sandbox', () => {
    given(...dev)
      .when(publish('web', 'sbx-web', ['80:8080', 9090]))
      .thenRefused(
        'not-found',
        'NOT_ATTACHED',
        'the sandbox comes before the alias: gstacks network alias add dev sbx-web web --port 80:8080 --port 9090',
      );
  });

  it('says which sandbox an alias is of that is given in its place, and the other way round', () => {
    given(...withApi)
      .when(publish('api', 'api2'))
      .thenRefused('not-found', 'NOT_ATTACHED', 'api is an alias: give its sandbox, sbx-api');
    given(...withApi)
      .when(unpublish('sbx-api'))
      .thenRefused('not-found', 'ALIAS_NOT_FOUND', 'sbx-api is a sandbox: give its alias, api');
    given(...withApi, published('api2', 'sbx-api', 80))
      .when(unpublish('sbx-api'))
      .thenRefused('not-found', 'ALIAS_NOT_FOUND', 'sbx-api is a sandbox: give one of its aliases, api, api2');
    given(...withApi)
      .when(unpublish('sbx-web'))
      .thenRefused('not-found', 'ALIAS_NOT_FOUND', 'sbx-web is a sandbox, which publishes no alias yet');
    given(...withApi)
      .when(unpublish('typo'))
      .thenRefused('not-found', 'ALIAS_NOT_FOUND', 'see gstacks network alias list dev');
  });

  it('never hands the rules of one sandbox to another unasked, whichever side they name it on', () => {
    given(...withRule, aliasRemoved('api'))
      .when(publish('sbx-web', 'api'))
      .thenRefused('conflict', 'ALIAS_HAS_RULES', 'rule-0001', 'sbx-api');
    given(...withApi, published('web', 'sbx-web', 80), rule('0007', 'allow web -> api:8080'), aliasRemoved('web'))
      .when(publish('sbx-api', 'web'))
      .thenRefused('conflict', 'ALIAS_HAS_RULES', 'rule-0007', 'sbx-web');
    given(...withRule, aliasRemoved('api'), detached('sbx-api'))
      .when(attach('sbx-new', { as: 'api' }))
      .thenRefused('conflict', 'ALIAS_HAS_RULES', 'rule-0001');
  });

  it('hands them over when asked', () => {
    given(...withRule, aliasRemoved('api'))
      .when(publish('sbx-web', 'api', [8080], { inheritRules: true }))
      .thenWritten([published('api', 'sbx-web', 8080)], { alias: 'api', sandboxId: 'sbx-web', ports: [port(8080)] }, [
        'RULES_APPLY: existing rules apply to api from now on: rule-0001',
      ]);
  });

  it('gives a sandbox its own rules back, and says so', () => {
    given(...withRule, aliasRemoved('api'))
      .when(publish('sbx-api', 'api'))
      .thenWritten([published('api', 'sbx-api', 8080)], { alias: 'api', sandboxId: 'sbx-api', ports: [port(8080)] }, [
        'RULES_APPLY: existing rules apply to api from now on: rule-0001',
      ]);
  });

  it('asks nobody once the rules are gone', () => {
    given(...withRule, aliasRemoved('api'), ruleRemoved('0001'))
      .when(publish('sbx-web', 'api'))
      .thenWritten([published('api', 'sbx-web', 8080)], { alias: 'api', sandboxId: 'sbx-web', ports: [port(8080)] });
  });

  it('lets a rule wait for a source that was never there', () => {
    given(...withApi, rule('0001', 'allow web -> api:8080'))
      .when(publish('sbx-web', 'web', [80]))
      .thenWritten([published('web', 'sbx-web', 80)], { alias: 'web', sandboxId: 'sbx-web', ports: [port(80)] }, [
        'RULES_APPLY: existing rules apply to web from now on: rule-0001',
      ]);
  });

  it('stops at ten thousand aliases', () => {
    const full = Array.from({ length: 10_000 }, (_, index) => published(`a-${index}`, 'sbx-api', 80));
    given(...dev, ...full)
      .when(publish('sbx-api', 'more'))
      .thenRefused('conflict', 'TOO_MANY_ALIASES', '10000');
    given(...dev, ...full)
      .when(publish('sbx-api', 'a-7', [80]))
      .thenWritten([], { alias: 'a-7', sandboxId: 'sbx-api', ports: [port(80)] });
  });
});

describe('removing an alias', () => {
  it('leaves the rules that name it, and counts them', () => {
    given(...withRule, rule('0002', 'deny api -> api:8080'))
      .when(unpublish('api'))
      .thenWritten([aliasRemoved('api')], { alias: 'api', rulesLeft: 2 });
    given(...withApi)
      .when(unpublish('api'))
      .thenWritten([aliasRemoved('api')], { alias: 'api', rulesLeft: 0 });
  });

  it('refuses an alias that is not there', () => {
    given(...dev)
      .when(unpublish('api'))
      .thenRefused('not-found', 'ALIAS_NOT_FOUND', 'api', 'dev');
  });
});
