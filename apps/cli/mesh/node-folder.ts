import { chmod } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { makeFolders } from '#libs/program/folder-owner.js';
import { localNodeFolder, lockOf } from '#libs/program/local-node-folder.js';
import { recordedProcess } from '#libs/program/process-record.js';
import type { Context } from '../context/context.js';
import { loginPath } from '../context/context.js';
import type { CliEnvironment } from '../environment.js';
import { MeshError } from './mesh-error.js';

/** Longest path of a unix socket on Linux and macOS, with room to spare. */
const LONGEST_SOCKET_PATH = 103;

/** The folder of the background node for a control plane: socket, state and log. */
export function nodeFolder(
  context: Pick<Context, 'url' | 'origin'>,
  environment: CliEnvironment,
  userHome: string,
): string {
  const base =
    environment.runtimeFolder ??
    environment.home ??
    (isAbsolute(context.origin) ? dirname(context.origin) : dirname(loginPath(environment, userHome)));
  const folder = localNodeFolder(base, context.url);
  if (socketOf(folder).length > LONGEST_SOCKET_PATH) {
    throw new MeshError(
      'SOCKET_PATH_TOO_LONG',
      `${socketOf(folder)} is too long for the path of a unix socket`,
      'set XDG_RUNTIME_DIR to a short folder of your own, then gstacks mesh join <network>',
    );
  }
  return folder;
}

export const socketOf = (folder: string): string => join(folder, 'socket');
export const logFileOf = (folder: string): string => join(folder, 'log');

/** The background node that owns the folder; null: there is none, or it is of an earlier release. */
export const nodePid = (folder: string): number | null => recordedProcess(lockOf(folder));

/** Makes the folder, accessible to its user only. */
export async function prepareFolder(folder: string): Promise<void> {
  makeFolders(folder, 0o700);
  await chmod(folder, 0o700);
}
