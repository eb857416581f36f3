export declare class Channel { constructor(deliver: (arg: string) => void); hold(): void; release(): void }
export declare class Import { push(requests: string): void; end(): void }
export declare class Resolver {
  constructor(channel: Channel)
  connect(call: number, url: string, options: string): void
  identify(first: number, requests: string, cancellable: boolean): void
  lookup(call: number, request: string, cancellable: boolean): void
  get(call: number, contact: string, cancellable: boolean): void
  import(call: number): Import
  get importSize(): number
  cancel(call: number): void
  close(call: number): void
}
