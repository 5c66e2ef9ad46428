/** How a child process is started, and how to see that it is ready. */
export interface ProcessSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** An undefined variable is left out. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** The user of the process; absent: the parent's. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Asks the process to end; SIGKILL follows after the grace period. */
  readonly stopSignal: 'SIGTERM' | 'SIGINT';
  /**
   * Whether it is ready. Called repeatedly until it is, or the process ends. A CodedError means that it never will be.
   */
  readonly isReady: () => Promise<boolean>;
  /** The exit code that says that another start would end the same way. */
  readonly finalExitCode?: number;
  /** What to do if it cannot run, besides reading its log. */
  readonly remedy?: string;
}
