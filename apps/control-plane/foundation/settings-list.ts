import { CA_FILE, LOG_LEVEL, neededSetting, numberSetting, optionalSetting, setting } from '#libs/program/setting.js';

/** Every setting of the control plane: `readSettings` reads these variables, docs/settings.md lists them. */
export const SETTINGS = {
  databaseUrl: neededSetting('GLOBALSTACKS_DATABASE_URL', 'Postgres; migrations run at the start'),
  databaseUrlFile: optionalSetting(
    'GLOBALSTACKS_DATABASE_URL_FILE',
    'File that holds the value of `GLOBALSTACKS_DATABASE_URL`, used while that variable is unset',
  ),
  natsUrl: neededSetting(
    'GLOBALSTACKS_NATS_URL',
    'nats-server, several with commas; with `tls://` a server that does not speak TLS is refused',
  ),
  natsAdvertiseUrl: optionalSetting(
    'GLOBALSTACKS_NATS_ADVERTISE_URL',
    'Address of nats-server that agents and local nodes are given',
    '`GLOBALSTACKS_NATS_URL`',
  ),
  caFile: CA_FILE,
  keysDir: neededSetting(
    'GLOBALSTACKS_KEYS_DIR',
    'Folder (0700) of the NATS operator, account and signing keys, the snapshot signing key and the mesh authority; keys that are missing are made',
  ),
  httpListen: setting('GLOBALSTACKS_HTTP_LISTEN', '127.0.0.1:7080', '`host:port` of the HTTP API, several with commas'),
  trustedProxies: optionalSetting(
    'GLOBALSTACKS_TRUSTED_PROXIES',
    'Reverse proxies, as addresses or networks with commas. Behind these a request counts as coming from the address in `X-Forwarded-For`',
  ),
  bootstrapTokenFile: optionalSetting(
    'GLOBALSTACKS_BOOTSTRAP_TOKEN_FILE',
    "File that holds the first admin's token: 20 to 200 letters, digits, `_` and `-`",
  ),
  credentialSeconds: numberSetting(
    'GLOBALSTACKS_CREDENTIAL_SECONDS',
    { usual: 3_600, least: 5, most: 86_400 },
    "Seconds until an agent's credentials expire, unless renewed",
  ),
  localCredentialSeconds: numberSetting(
    'GLOBALSTACKS_LOCAL_CREDENTIAL_SECONDS',
    { usual: 900, least: 5, most: 86_400 },
    "Seconds until the credentials of a developer's machine expire, unless renewed",
  ),
  enrollmentTokenSeconds: numberSetting(
    'GLOBALSTACKS_ENROLLMENT_TOKEN_SECONDS',
    { usual: 900, least: 1, most: 86_400 },
    'Seconds until a one-time enrolment token expires',
  ),
  sessionSeconds: numberSetting(
    'GLOBALSTACKS_SESSION_SECONDS',
    { usual: 43_200, least: 60, most: 2_592_000 },
    'Seconds until a browser has to sign in to the console again',
  ),
  consoleDir: optionalSetting(
    'GLOBALSTACKS_CONSOLE_DIR',
    'Folder of the built console, served at `/`',
    '`dist/console` of the clone or package',
  ),
  eventStreams: numberSetting(
    'GLOBALSTACKS_EVENT_STREAMS',
    { usual: 1_000, least: 1, most: 100_000 },
    'Streams of events (`GET /v1/events`) that may be open at once',
  ),
  offlineAfterSeconds: numberSetting(
    'GLOBALSTACKS_OFFLINE_AFTER_SECONDS',
    { usual: 15, least: 1, most: 3_600 },
    'An agent that has sent no heartbeat for this many seconds is `OFFLINE`',
  ),
  staleAfterSeconds: numberSetting(
    'GLOBALSTACKS_STALE_AFTER_SECONDS',
    { usual: 5, least: 1, most: 3_600 },
    'An agent that has not acknowledged a version for this many seconds is `STALE`',
  ),
  requestsPerMinute: numberSetting(
    'GLOBALSTACKS_REQUESTS_PER_MINUTE',
    { usual: 12_000, least: 1, most: 1_000_000 },
    'HTTP requests per minute from one IP address',
  ),
  publicRequestsPerMinute: numberSetting(
    'GLOBALSTACKS_PUBLIC_REQUESTS_PER_MINUTE',
    { usual: 240, least: 1, most: 1_000_000 },
    'HTTP requests per minute from one IP address to routes that need no token',
  ),
  storeTimeoutSeconds: numberSetting(
    'GLOBALSTACKS_STORE_TIMEOUT_SECONDS',
    { usual: 10, least: 1, most: 300 },
    'Seconds that a request waits for a database that does not answer',
  ),
  memberMessages: numberSetting(
    'GLOBALSTACKS_MEMBER_MESSAGES_PER_SECOND',
    { usual: 50, least: 1, most: 100_000 },
    'Acknowledgements, and as many sync requests, per second from one agent or local node. A tenth of it for its hellos and heartbeats, a twentieth for its inventories',
  ),
  memberKilobytes: numberSetting(
    'GLOBALSTACKS_MEMBER_KILOBYTES_PER_SECOND',
    { usual: 2_048, least: 16, most: 1_000_000 },
    'KiB per second of all messages from one agent or local node',
  ),
  memberNetworks: numberSetting(
    'GLOBALSTACKS_MEMBER_NETWORKS',
    { usual: 1_000, least: 1, most: 10_000 },
    'Networks that one agent may acknowledge at once, and networks in which it takes no part that one of its messages may name',
  ),
  memberSandboxes: numberSetting(
    'GLOBALSTACKS_MEMBER_SANDBOXES',
    { usual: 2_000, least: 1, most: 10_000 },
    'Sandboxes of one agent; an inventory with more is refused as a whole (`SANDBOX_LIMIT`)',
  ),
  meshTransport: optionalSetting(
    'GLOBALSTACKS_MESH_TRANSPORT',
    '`direct` or `tsnet`. With neither this nor a control URL there is no mesh (`MESH_NOT_CONFIGURED`)',
    '`tsnet` if there is a control URL',
  ),
  meshControlUrl: optionalSetting(
    'GLOBALSTACKS_MESH_CONTROL_URL',
    'Control server of a tsnet mesh (`https://...`) that agents and local nodes join',
  ),
  meshApiUrl: optionalSetting(
    'GLOBALSTACKS_MESH_API_URL',
    'API of that control server, where the control plane mints a key for each node. Without an API or a pre-created key: `MESH_KEY_SOURCE_MISSING`',
  ),
  meshApiToken: optionalSetting('GLOBALSTACKS_MESH_API_TOKEN', 'Token for that API'),
  meshApiTokenFile: optionalSetting(
    'GLOBALSTACKS_MESH_API_TOKEN_FILE',
    'File that holds the value of `GLOBALSTACKS_MESH_API_TOKEN`, used while that variable is unset',
  ),
  meshApiKind: optionalSetting(
    'GLOBALSTACKS_MESH_API_KIND',
    '`headscale` or `tailscale`',
    'recognised by what the API answers',
  ),
  meshUser: optionalSetting(
    'GLOBALSTACKS_MESH_USER',
    'Name or id of the user at the control server whom minted keys belong to',
    'none: keys carry a tag (`tag:gstacks-agent`, `tag:gstacks-local`)',
  ),
  meshKeySeconds: numberSetting(
    'GLOBALSTACKS_MESH_KEY_SECONDS',
    { usual: 300, least: 10, most: 86_400 },
    'Seconds in which a minted key can be used',
  ),
  meshAuthKey: optionalSetting(
    'GLOBALSTACKS_MESH_AUTH_KEY',
    'One pre-created key for every node, not used if there is an API',
  ),
  meshAuthKeyFile: optionalSetting(
    'GLOBALSTACKS_MESH_AUTH_KEY_FILE',
    'File that holds the value of `GLOBALSTACKS_MESH_AUTH_KEY`, used while that variable is unset',
  ),
  logLevel: LOG_LEVEL,
};
