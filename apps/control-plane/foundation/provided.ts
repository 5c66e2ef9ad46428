/** Injection tokens for interfaces and values. */
export const SETTINGS = Symbol('ControlPlaneSettings');
export const LOGGER = Symbol('Logger');
export const CLOCK = Symbol('Clock');
export const EVENT_STORE = Symbol('EventStore');
export const BUS = Symbol('Bus');
export const STORE_KEYS = Symbol('StoreKeys');
export const BUS_AUTHORITY = Symbol('BusAuthority');
export const TOPOLOGY_SIGNER = Symbol('TopologySigner');
export const MESH_AUTHORITY = Symbol('CertificateAuthority');

/** The current time, injected. */
export type Clock = () => Date;
