/** One child process: how it is started and how one sees that it serves. */
export interface ProcessSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** A variable that is undefined is left out. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Whom the process runs as, when not as its parent. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Asks the process to end in order; SIGKILL follows after the grace period. */
  readonly stopSignal: 'SIGTERM' | 'SIGINT';
  /**
   * Whether it serves now. Asked again and again until it does, or the process ends. A CodedError: it never will.
   */
  readonly isReady: () => Promise<boolean>;
  /** The exit code that says that another start would end the same way. */
  readonly finalExitCode?: number;
  /** What to do when it cannot run, besides reading its log. */
  readonly remedy?: string;
}
