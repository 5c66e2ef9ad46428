import { Injectable } from '@nestjs/common';

/** The routes that there are, so that a request with another method hears which methods its path takes. */
@Injectable()
export class DeclaredRoutes {
  private readonly routes: { readonly methods: readonly string[]; readonly path: RegExp }[] = [];

  /** `url` as the router takes it, such as `/v1/networks/:network`. Paths with a wildcard are the console's files. */
  add(methods: string | readonly string[], url: string): void {
    if (url.includes('*')) return;
    const pattern = url
      .split('/')
      .map((part) => (part.startsWith(':') ? '[^/]+' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')))
      .join('/');
    this.routes.push({ methods: [methods].flat(), path: new RegExp(`^${pattern}$`) });
  }

  /** In order of the alphabet; none for a path that no route has. `url`: as it was asked for, with its query. */
  methodsOf(url: string): readonly string[] {
    const [path = ''] = url.split('?');
    const methods = this.routes.filter((route) => route.path.test(path)).flatMap((route) => route.methods);
    return [...new Set(methods)].sort();
  }
}
