/// <reference lib="es2022.error" preserve="true" />
/// <reference lib="esnext.disposable" preserve="true" />
export { IdentityError, type IdentityErrorCode, type IdentityErrorOptions } from './error.js';
export { IdentityResolver } from './resolver.js';
export type { CallOptions, ConnectOptions, ConsolidatedContact, IdentifyRequest, IdentifyResult, ManyOptions, Progress, } from './types.js';
