/** The subject of a change. `sandboxes`: placement and labels. `network`: creation, quarantine, deletion. */
export const CHANGE_KINDS = ['rules', 'egress', 'aliases', 'attachments', 'sandboxes', 'tests', 'network'] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];
