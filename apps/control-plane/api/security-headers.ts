import type { FastifyHelmetOptions } from '@fastify/helmet';

/**
 * What browsers are told with every answer. Scripts come from this origin as files and are never evaluated from text;
 * the style sheet of the page's components writes inline styles. Nothing may frame the page.
 */
export const SECURITY_HEADERS: FastifyHelmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      'default-src': ["'none'"],
      'script-src': ["'self'"],
      'style-src': ["'self'", "'unsafe-inline'"],
      'font-src': ["'self'"],
      'img-src': ["'self'", 'data:'],
      'connect-src': ["'self'"],
      'worker-src': ["'self'"],
      'manifest-src': ["'self'"],
      'base-uri': ["'none'"],
      'form-action': ["'none'"],
      'frame-ancestors': ["'none'"],
    },
  },
  // A browser sends no Origin that can be compared when there is no referrer at all.
  referrerPolicy: { policy: 'same-origin' },
  frameguard: { action: 'deny' },
  // Whether this host is always reached over TLS is for the proxy in front of it to say.
  hsts: false,
};
