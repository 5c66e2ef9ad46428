import type { FastifyHelmetOptions } from '@fastify/helmet';

/**
 * Security headers of every answer. Scripts are files of this origin and are never evaluated from text; the page's
 * components write inline styles. No other page may frame this one.
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
  // Without a referrer, browsers would send no usable Origin.
  referrerPolicy: { policy: 'same-origin' },
  frameguard: { action: 'deny' },
  // Whether this host is always reached over TLS is known only to the proxy in front.
  hsts: false,
};
