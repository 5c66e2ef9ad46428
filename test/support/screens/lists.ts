import { aliasColumns, attachmentColumns } from '#apps/cli/views.js';
import type { AttachmentDto } from '#libs/api-client/generated/index.js';
import { long, type Picture } from '#test/support/screens/paint.js';

const alias = (name: string, network: string) => ({
  ...{ alias: name, name: `${name}.${network}.gstacks`, sandboxId: `sbx-${name}`.slice(0, 63), agentId: 'host-b' },
  ports: [8_080, 9_090, 9_100, 9_200].map((published) => ({ published, target: published })),
  listeners: [],
});
const attachment = (sandboxId: string): AttachmentDto => ({
  ...{ sandboxId, agentId: 'host-a', labels: { tier: 'web', team: 'warehouse', stage: 'production' }, aliases: [] },
  ...{ dns: 'restart-required', dnsRemedy: 'restart the sandbox', lastKnown: null },
});

export const LISTS: readonly Picture[] = [
  ['list-aliases', (screen) => screen.table([alias('api', 'dev'), alias('worker', 'dev')], aliasColumns)],
  [
    'list-aliases-of-63-characters',
    (screen) => screen.table([alias(long('api'), long('network')), alias('web', 'dev')], aliasColumns),
  ],
  [
    'list-attachments',
    (screen) => screen.table([attachment('sbx-api'), attachment('sbx-of-the-warehouse')], attachmentColumns),
  ],
];
