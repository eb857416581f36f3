import type { CallOptions, ConnectOptions, ConsolidatedContact, IdentifyRequest, IdentifyResult, ManyOptions } from './types.js';
/**
 * Finds out who a customer is, in this process and on the shop's own database.
 *
 * One resolver serves the whole process. Many calls may be made at once, from any number of processes on the same database;
 * what is asked at the same time shares transactions. How many may wait is bounded ({@link ConnectOptions.queueLength}): those
 * beyond it get `OVERLOADED` at once. For more requests than that there is {@link identifyMany}. Nothing here throws: every
 * failure is a rejected promise with an {@link IdentityError}.
 *
 * ```ts
 * const resolver = await IdentityResolver.connect(process.env.DATABASE_URL)
 * const contact = await resolver.identify({ email: 'mcfly@hillvalley.edu', phoneNumber: '123456' })
 * ```
 */
export declare class IdentityResolver implements AsyncDisposable {
    #private;
    private constructor();
    /**
     * Connects to a database. Tables that are missing are created.
     *
     * | URL | database |
     * |---|---|
     * | `mysql://user:password@host:port/name`, or `mariadb://…` | MySQL 8 and later, MariaDB 10.6 and later |
     * | `sqlite://contacts.db`, `sqlite:///var/lib/shop/contacts.db` | a file, created when it is missing |
     * | `memory:` | this process; nothing outlives it |
     *
     * @param url The database; typed so that a variable of the environment may be given. Without one: `CONFIGURATION`.
     * @throws {@link IdentityError} `CONFIGURATION`, `UNAVAILABLE`, `REFUSED`, `NOT_ADOPTED`.
     */
    static connect(url: string | undefined, options?: ConnectOptions | null): Promise<IdentityResolver>;
    /**
     * Finds out who this is: creates a person, adds what is new to a known one, merges two that turn out to be one, or writes
     * nothing where nothing is new.
     *
     * @throws {@link IdentityError} `INVALID_INPUT`, and the database was not changed; `CONFLICT`, `UNAVAILABLE`, `OVERLOADED`,
     * `TIMEOUT`, and the same call may be made again.
     */
    identify(request: IdentifyRequest, options?: CallOptions): Promise<ConsolidatedContact>;
    /**
     * Does for each request in order what {@link identify} would, in far fewer transactions. Each request has its own result:
     * one that is invalid is answered with its error and harms no other.
     *
     * An array is answered with an array, as a promise; a loop may take it one by one too. Any other iterable, such as a stream
     * of rows, is answered with an async iterable: it is read as the results are taken, so however long it is, memory holds a few
     * transactions of it. Where the results are not taken, nothing happens; leaving the loop ends the import after what is
     * committed. Whoever takes them without a loop ends with `return()`, so that the source is closed too.
     *
     * ```ts
     * for await (const result of resolver.identifyMany(rows(), { onProgress: console.log })) {
     *   if (result instanceof IdentityError) console.warn(result.message)
     * }
     * ```
     *
     * @throws {@link IdentityError} `ABORTED`, `TIMEOUT`, `CLOSED`, `INVALID_INPUT` for what is no source or no option; and what
     * the source itself throws, once all that it gave before is answered.
     */
    identifyMany(requests: readonly IdentifyRequest[], options?: ManyOptions): Promise<IdentifyResult[]> & AsyncGenerator<IdentifyResult, void, void>;
    identifyMany(requests: Iterable<IdentifyRequest> | AsyncIterable<IdentifyRequest>, options?: ManyOptions): AsyncGenerator<IdentifyResult, void, void>;
    /**
     * Every person that the email and the phone number lead to, oldest first: none, one, or two that nothing has proved to be
     * one yet. Reads only.
     */
    lookup(request: IdentifyRequest, options?: CallOptions): Promise<ConsolidatedContact[]>;
    /**
     * The person that a contact, primary or secondary, belongs to now, or `null` where there is no such live contact. Reads
     * only.
     *
     * @param contactId The id. Ids beyond 2^53 - 1 need a `bigint`.
     */
    get(contactId: number | bigint, options?: CallOptions): Promise<ConsolidatedContact | null>;
    /**
     * Waits for the calls that are under way, then lets go of the database. Calls that come later get `CLOSED`, and so do
     * imports of iterables at their next step. Closing again is harmless. A process may end without it.
     */
    close(): Promise<void>;
    /** The same as {@link close}, for `await using`. */
    [Symbol.asyncDispose](): Promise<void>;
}
