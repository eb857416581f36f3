// `/identify` as it is usually written on a pool of mysql2: correct as long as requests come one after the other.
import type { Pool, PoolConnection, ResultSetHeader, RowDataPacket } from 'mysql2/promise'

export const TABLE = `CREATE TABLE IF NOT EXISTS Contact (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  phoneNumber VARCHAR(32),
  email VARCHAR(254),
  linkedId INT,
  linkPrecedence ENUM('primary', 'secondary') NOT NULL,
  createdAt DATETIME(6) NOT NULL,
  updatedAt DATETIME(6) NOT NULL,
  deletedAt DATETIME(6),
  KEY (email), KEY (phoneNumber), KEY (linkedId)
)`

export class InvalidRequest extends Error {
  constructor(
    message: string,
    readonly field?: string,
  ) {
    super(message)
  }
}

interface Row extends RowDataPacket {
  id: number
  email: string | null
  phoneNumber: string | null
  linkedId: number | null
}

interface Contact {
  primaryContactId: number
  emails: string[]
  phoneNumbers: string[]
  secondaryContactIds: number[]
}

/** What is in the request, checked. */
function read(body: unknown): { email: string | null; phoneNumber: string | null } {
  if (typeof body !== 'object' || body === null) {
    throw new InvalidRequest('the request must be an object')
  }
  const { email: rawEmail, phoneNumber: rawPhone } = body as { email?: unknown; phoneNumber?: unknown }
  const email = rawEmail == null ? null : String(rawEmail).trim().toLowerCase() || null
  const phoneNumber = rawPhone == null ? null : String(rawPhone).trim() || null
  if (email !== null && !/^[^\s@]+@[^\s@]+$/.test(email)) {
    throw new InvalidRequest('email must be an email', 'email')
  }
  if (email === null && phoneNumber === null) {
    throw new InvalidRequest('email or phoneNumber is required')
  }
  return { email, phoneNumber }
}

export async function identify(pool: Pool, body: unknown): Promise<Contact> {
  const { email, phoneNumber } = read(body)
  const connection = await pool.getConnection()
  try {
    for (;;) {
      await connection.beginTransaction()
      try {
        const contact = await statements(connection, email, phoneNumber)
        await connection.commit()
        return contact
      } catch (error) {
        await connection.rollback()
        if ((error as { code?: string }).code !== 'ER_LOCK_DEADLOCK') throw error
      }
    }
  } finally {
    connection.release()
  }
}

async function statements(db: PoolConnection, email: string | null, phoneNumber: string | null): Promise<Contact> {
  const [matching] = await db.execute<Row[]>(
    `SELECT id, email, phoneNumber, linkedId FROM Contact
     WHERE (email = ? OR phoneNumber = ?) AND deletedAt IS NULL ORDER BY createdAt, id`,
    [email, phoneNumber],
  )
  if (matching.length === 0) {
    const id = await insert(db, email, phoneNumber, null)
    return reply(id, [{ id, email, phoneNumber }])
  }
  const primaries = [...new Set(matching.map(row => row.linkedId ?? row.id))].sort((a, b) => a - b)
  const primary = primaries[0] as number
  for (const other of primaries.slice(1)) {
    await db.execute(
      `UPDATE Contact SET linkedId = ?, linkPrecedence = 'secondary', updatedAt = NOW(6) WHERE id = ? OR linkedId = ?`,
      [primary, other, other],
    )
  }
  const [cluster] = await db.execute<Row[]>(
    `SELECT id, email, phoneNumber FROM Contact
     WHERE (id = ? OR linkedId = ?) AND deletedAt IS NULL ORDER BY createdAt, id`,
    [primary, primary],
  )
  const contacts: Pick<Row, 'id' | 'email' | 'phoneNumber'>[] = cluster
  const hasNewEmail = email !== null && !contacts.some(contact => contact.email === email)
  const hasNewPhone = phoneNumber !== null && !contacts.some(contact => contact.phoneNumber === phoneNumber)
  if (hasNewEmail || hasNewPhone) {
    contacts.push({ id: await insert(db, email, phoneNumber, primary), email, phoneNumber })
  }
  return reply(primary, contacts)
}

async function insert(
  db: PoolConnection,
  email: string | null,
  phoneNumber: string | null,
  linkedId: number | null,
): Promise<number> {
  const [inserted] = await db.execute<ResultSetHeader>(
    `INSERT INTO Contact (phoneNumber, email, linkedId, linkPrecedence, createdAt, updatedAt)
     VALUES (?, ?, ?, ?, NOW(6), NOW(6))`,
    [phoneNumber, email, linkedId, linkedId === null ? 'primary' : 'secondary'],
  )
  return inserted.insertId
}

function reply(primary: number, contacts: Pick<Row, 'id' | 'email' | 'phoneNumber'>[]): Contact {
  const distinct = (values: (string | null)[]): string[] => [...new Set(values.filter(value => value !== null))]
  return {
    primaryContactId: primary,
    emails: distinct(contacts.map(contact => contact.email)),
    phoneNumbers: distinct(contacts.map(contact => contact.phoneNumber)),
    secondaryContactIds: contacts.map(contact => contact.id).filter(id => id !== primary),
  }
}
