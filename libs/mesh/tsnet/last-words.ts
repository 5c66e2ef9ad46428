const LONGEST_LINE = 512;

/**
 * First lines that Go prints when it ends a program: a panic, a runtime error or a signal. The stack of each goroutine
 * follows.
 */
const CRASH = /^(panic: |fatal error: |runtime: |SIG[A-Z]+: |unexpected fault address |\[signal )/;

/** Why a program ended, from its standard error: the first line of a crash, else the last line. */
export class LastWords {
  private crash: string | null = null;
  private last = '';

  add(line: string): void {
    const words = line.trim().slice(0, LONGEST_LINE);
    if (words === '') return;
    if (this.crash === null && CRASH.test(words)) this.crash = words;
    this.last = words;
  }

  get text(): string {
    return this.crash ?? this.last;
  }
}
