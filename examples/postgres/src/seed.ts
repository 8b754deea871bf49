import type pg from 'pg';
import { DRILL_SCHEMA } from './content.ts';

const ROWS_AT_ONCE = 5_000;

/** A small shop, with types that copies often get wrong, NULL beside the empty text, and non-ASCII text. */
const TABLES = `
  create table customers (
    id bigint primary key,
    name text not null,
    nickname text,
    balance numeric(24, 6) not null,
    joined timestamptz not null,
    photo bytea,
    profile jsonb not null,
    tags text[] not null,
    score double precision not null
  );
  create index customers_name on customers (name);
  create table orders (
    customer bigint not null references customers (id) on delete cascade,
    number integer not null,
    placed timestamptz not null,
    total numeric(18, 4) not null check (total >= 0),
    note text,
    primary key (customer, number)
  );
  create table currencies (code text primary key, title text not null, rate numeric not null);
  create sequence invoice_numbers start with 1000;
  create view open_orders as select customer, count(*) as orders from orders group by customer;
  create schema ${DRILL_SCHEMA};
  create table ${DRILL_SCHEMA}.markers (position bigint generated always as identity primary key, sequence integer not null, body text not null);
  create table ${DRILL_SCHEMA}.probe (id integer primary key, written timestamptz not null);
  insert into currencies values ('CHF', 'Schweizer Franken', 1), ('EUR', 'Euro €', 0.9375), ('JPY', '日本円', 168.250000001), ('', 'none', 'NaN');
`;

const CUSTOMERS = `
  insert into customers
  select n, 'Customer ' || n || ' Zoë 🦉', case n % 3 when 0 then null when 1 then '' else 'nick ' || n end,
    (n * 7919 % 1000003)::numeric / 997, timestamptz '1999-12-31 23:59:59.999999+00' + n * interval '1 hour 1 microsecond',
    case when n % 5 = 0 then null else decode(md5(n::text) || md5((n + 1)::text), 'hex') end,
    jsonb_build_object('n', n, 'nested', jsonb_build_array(null, true, n::text)), array['a' || n % 7, null, 'ü'],
    sqrt(n::double precision)
  from generate_series($1::bigint, $2::bigint) as n`;
const ORDERS = `
  insert into orders
  select c, k, timestamptz '2024-03-31 00:30:00+00' + c * interval '17 minutes', (c * k % 100000)::numeric / 16,
    case when k = 1 then null else 'line one' || chr(10) || 'line ' || k end
  from generate_series($1::bigint, $2::bigint) as c, generate_series(1, 2) as k`;

/** Creates the tables and fills them. @returns the number of rows. */
export async function seedShop(client: pg.Client, customers: number, signal: AbortSignal): Promise<number> {
  await client.query(TABLES);
  for (let first = 1; first <= customers; first += ROWS_AT_ONCE) {
    signal.throwIfAborted();
    const last = Math.min(customers, first + ROWS_AT_ONCE - 1);
    await client.query(CUSTOMERS, [first, last]);
    await client.query(ORDERS, [first, last]);
  }
  return customers * 3 + 4;
}

/** The first customer, as users of the shop see it. */
export const FIRST_CUSTOMER = { id: '1', name: 'Customer 1 Zoë 🦉', orders: '2' };

/** Adds, overwrites at the same size, and removes. The first customer stays unchanged. */
export async function alterShop(client: pg.Client): Promise<readonly string[]> {
  await client.query('begin');
  await client.query(
    `insert into customers select max(id) + 1, 'Newcomer', null, 1.5, now(), null, '{}', '{}', 0 from customers`,
  );
  await client.query(`update customers set name = reverse(name) where id = 2`);
  await client.query(`delete from customers where id = (select max(id) - 1 from customers)`);
  await client.query('commit');
  return ['a customer added', 'a customer renamed at the same size', 'a customer removed with their orders'];
}
