import { loadBusAuthority } from '#libs/bus/authority.js';
import { type ProgramCommand, UsageError } from '#libs/program/command-line.js';
import { parseListen } from '../foundation/settings.js';
import { CONFIG_OPTION, CONFIG_USAGE, needSetting, settingsOf } from './environment.js';

const HELP = 'globalstacks-control-plane nats-config --help';

export const natsConfig: ProgramCommand = {
  summary: 'Print the configuration of the nats-server that trusts this keys folder',
  usage: `[options] > /etc/nats-server.conf

  --listen HOST:PORT   default 0.0.0.0:4222
  --jwt-dir FOLDER     where nats-server keeps accounts, writable by it; default /var/lib/nats/jwt
  --tls-cert FILE      the server's certificate, with those between it and its authority
  --tls-key FILE       the certificate's key
  ${CONFIG_USAGE}`,
  options: {
    listen: { type: 'string' },
    'jwt-dir': { type: 'string' },
    'tls-cert': { type: 'string' },
    'tls-key': { type: 'string' },
    ...CONFIG_OPTION,
  },
  async run(given, environment) {
    const keysFolder = needSetting(settingsOf(given, environment), 'GLOBALSTACKS_KEYS_DIR');
    const [certFile, keyFile] = [given.one('tls-cert'), given.one('tls-key')];
    if ((certFile === null) !== (keyFile === null)) {
      throw new UsageError('--tls-cert and --tls-key go together', HELP);
    }
    const text = await loadBusAuthority(keysFolder).serverConfig({
      ...parseListen(given.one('listen') ?? '0.0.0.0:4222', '--listen'),
      jwtFolder: given.one('jwt-dir') ?? '/var/lib/nats/jwt',
      ...(certFile === null || keyFile === null ? {} : { tls: { certFile, keyFile } }),
    });
    process.stdout.write(text);
    return 0;
  },
};
