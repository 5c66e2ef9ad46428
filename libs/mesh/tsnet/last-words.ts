const LONGEST_LINE = 512;

/**
 * How Go begins when it ends a program: a panic, an error of its runtime, or a signal. What follows is the stack of
 * each goroutine.
 */
const CRASH = /^(panic: |fatal error: |runtime: |SIG[A-Z]+: |unexpected fault address |\[signal )/;

/** What a program that ended said of it on its standard error: the first line of a crash, else the last line. */
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
