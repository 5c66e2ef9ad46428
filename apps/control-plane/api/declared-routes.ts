import { Injectable } from '@nestjs/common';

/** All routes, so that the answer to a wrong method can list the allowed ones. */
@Injectable()
export class DeclaredRoutes {
  private readonly routes: { readonly methods: readonly string[]; readonly path: RegExp }[] = [];

  /**
   * `url` in the router's form, such as `/v1/networks/:network`. Paths with a wildcard belong to the console's files.
   */
  add(methods: string | readonly string[], url: string): void {
    if (url.includes('*')) return;
    const pattern = url
      .split('/')
      .map((part) => (part.startsWith(':') ? '[^/]+' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')))
      .join('/');
    this.routes.push({ methods: [methods].flat(), path: new RegExp(`^${pattern}$`) });
  }

  /** Sorted; empty if no route has the path. `url`: as requested, with its query. */
  methodsOf(url: string): readonly string[] {
    const [path = ''] = url.split('?');
    const methods = this.routes.filter((route) => route.path.test(path)).flatMap((route) => route.methods);
    return [...new Set(methods)].sort();
  }
}
