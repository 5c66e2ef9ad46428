/** A unit's settings that say as whom, with what and how its program is started. */
export class SystemdUnit {
  private readonly lines: readonly (readonly [name: string, value: string])[];

  constructor(text: string) {
    this.lines = text.split('\n').flatMap((line) => {
      const [, name, value] = /^([A-Z]\w+)=(.*)$/.exec(line) ?? [];
      return name === undefined || value === undefined ? [] : [[name, value] as const];
    });
  }

  all(name: string): readonly string[] {
    return this.lines.flatMap(([other, value]) => (other === name ? [value] : []));
  }

  /** Of a setting that the unit has to have, once. */
  one(name: string): string {
    const [value, ...more] = this.all(name);
    if (value === undefined || more.length > 0) throw new Error(`the unit has ${more.length + 1} lines of ${name}`);
    return value;
  }

  /** Credentials by name: the file of root's that each is read from. */
  get credentials(): ReadonlyMap<string, string> {
    return new Map(this.all('LoadCredential').map((value) => [before(value, ':'), after(value, ':')]));
  }

  /** As whom and with exactly which capabilities, as arguments of setpriv. */
  get privileges(): readonly string[] {
    const user = this.all('User').flatMap((name) => [`--reuid=${name}`, `--regid=${name}`, '--clear-groups']);
    const names = this.one('CapabilityBoundingSet').split(' ').filter(Boolean);
    const added = names.map((name) => `+${name.toLowerCase().replace('cap_', '')}`);
    const unprivileged = this.one('NoNewPrivileges') === 'yes' ? ['--no-new-privs'] : [];
    return [...user, ...unprivileged, '--inh-caps=-all', `--bounding-set=${['-all', ...added].join(',')}`];
  }

  /** The variables that the unit sets; `credentials` is the folder that systemd makes for its credentials. */
  environment(credentials: string): Readonly<Record<string, string>> {
    const set = this.all('Environment').map((value) => [before(value, '='), after(value, '=')]);
    return Object.fromEntries(set.map(([name, value]) => [name, value?.replaceAll('%d', credentials)]));
  }

  command(credentials: string): readonly string[] {
    return this.one('ExecStart').replaceAll('%d', credentials).split(' ');
  }

  /** Folders under /var/lib. */
  get stateFolders(): readonly string[] {
    return this.one('StateDirectory').split(' ');
  }
}

const before = (text: string, mark: string): string => text.slice(0, text.indexOf(mark));
const after = (text: string, mark: string): string => text.slice(text.indexOf(mark) + mark.length);
