import { Command } from '@oclif/core/command';
import * as Flags from '@oclif/core/flags';
import { type NetworkName, parseNetworkName } from '#libs/contracts/ids.js';
import { secondsToWait } from '#libs/contracts/network-settings.js';
import { type Connection, connect } from './api/connect.js';
import { wantsEverything, wantsJson } from './argv.js';
import type { Context } from './context/context.js';
import { loadContext } from './context/load-context.js';
import { readEnvironment } from './environment.js';
import { InterruptedError } from './errors/errors.js';
import { reportError } from './errors/report-error.js';
import { jsonText } from './output/clean.js';
import { Screen } from './output/screen.js';

const DEFAULT_TIMEOUT_SECONDS = 30;
const MAX_TIMEOUT_SECONDS = 600;

/** The flags that every command has. */
export interface ConnectionFlags {
  readonly url?: string | undefined;
  readonly 'token-file'?: string | undefined;
  readonly timeout?: string | undefined;
}

/** A command of gstacks: its connection, its output, and its errors. */
export abstract class GstacksCommand extends Command {
  static override enableJsonFlag = true;
  static override baseFlags = {
    url: Flags.string({ description: 'control plane to talk to', helpGroup: 'GLOBAL', helpValue: '<url>' }),
    'token-file': Flags.string({
      description: 'file that holds the API token; - reads it from standard input',
      helpGroup: 'GLOBAL',
      helpValue: '<file>',
    }),
    timeout: Flags.string({
      description: `seconds to wait for an answer [default: ${DEFAULT_TIMEOUT_SECONDS}]`,
      helpGroup: 'GLOBAL',
      helpValue: '<seconds>',
    }),
    verbose: Flags.boolean({
      description: 'show everything, whether it fits the terminal or not',
      helpGroup: 'GLOBAL',
    }),
  };

  protected readonly environment = readEnvironment();
  protected readonly screen = new Screen(
    (text) => {
      if (!this.jsonEnabled()) process.stdout.write(text);
    },
    {
      hasColour: process.stdout.isTTY && this.environment.allowsColour,
      // Scripts and files get every column on one line. A terminal of unknown width reports 0.
      width: (process.stdout.isTTY && process.stdout.columns) || Number.POSITIVE_INFINITY,
      isVerbose: wantsEverything(this.argv),
    },
  );
  private network: NetworkName | null = null;

  override jsonEnabled(): boolean {
    return wantsJson(this.argv);
  }

  /** The network of this command, which error messages then name. */
  protected networkOf(name: string): NetworkName {
    this.network = parseNetworkName(name, 'network');
    return this.network;
  }

  /** The connection for this command line. `extraSeconds`: the time that the server itself may take. */
  protected async connect(flags: ConnectionFlags, extraSeconds = 0): Promise<Connection> {
    return this.connectTo(await loadContext(flags, this.environment, this.config.root), flags, extraSeconds);
  }

  protected connectTo(context: Context, flags: ConnectionFlags, extraSeconds = 0): Connection {
    const seconds = flags.timeout ?? String(DEFAULT_TIMEOUT_SECONDS);
    const timeoutSeconds = secondsToWait(1, MAX_TIMEOUT_SECONDS)(seconds, '--timeout') + extraSeconds;
    return connect(context, { timeoutSeconds, interruption: this.interruption() });
  }

  protected override async catch(error: unknown): Promise<void> {
    reportError(error, {
      commandLine: `${this.config.bin} ${(this.id ?? '').replaceAll(':', ' ')}`,
      argv: this.argv,
      network: this.network,
      isJson: this.jsonEnabled(),
    });
  }

  protected override logJson(document: unknown): void {
    process.stdout.write(`${jsonText(document)}\n`);
  }

  /** Aborted by the first Ctrl-C; the second one ends the process as usual. */
  private interruption(): AbortSignal {
    const interruption = new AbortController();
    process.once('SIGINT', () => interruption.abort(new InterruptedError('INTERRUPTED', 'interrupted')));
    return interruption.signal;
  }
}
