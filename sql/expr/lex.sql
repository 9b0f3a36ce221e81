-- lex: splits an expression into tokens in one pass of one regular expression.
-- Guarantees: linear time (an opened quote that is never closed swallows the rest, so nothing is scanned twice);
--   white space is dropped; the last token is always of kind `end`. Kinds: id, q (quoted identifier), s (raw string),
--   lit, num, var, bad, or the operator itself. Positions are 1-based characters plus `shift`.
-- Called by: parse, template_parts. Reads nothing.
create or replace function meshhook_expr.lex(source text, shift int, out tok text[], out kind text[], out pos int[])
language plpgsql immutable parallel safe
as $$
begin
  select array_agg(t.tok), array_agg(t.kind), array_agg(t.pos)
    into tok, kind, pos
    from (
      select w.nr, w.tok, w.pos,
             case
               when w.head between 'a' and 'z' or w.head between 'A' and 'Z' or w.head = '_' then 'id'
               when w.head between '0' and '9' then 'num'
               when w.head = '"' then case when w.tok ~ '^"(?:[^"\\]|\\.)*"$' then 'q' else 'bad' end
               when w.head = '''' then case when w.tok ~ '^''(?:[^''\\]|\\.)*''$' then 's' else 'bad' end
               when w.head = '`' then case when w.tok ~ '^`(?:[^`\\]|\\.)*`$' then 'lit' else 'bad' end
               when w.head = '$' and w.tok <> '$' then 'var'
               when w.tok = '×' then '*'
               when w.tok = '÷' then '/'
               when w.tok = '−' then '-'
               when strpos('.*[](){}@$&|!?:,+-/%=<>', w.head) > 0 then w.tok
               else 'bad'
             end as kind
        from (
          select m.nr, m.part[1] as tok, left(m.part[1], 1) collate "C" as head,
                 (1 + shift + coalesce(sum(char_length(m.part[1])) over (order by m.nr rows between unbounded preceding and 1 preceding), 0))::int as pos
            from regexp_matches(source collate "C",
              '([ \t\n\r]+|[A-Za-z_][A-Za-z0-9_]*|\$[A-Za-z_][A-Za-z0-9_]*|[0-9]+|"(?:[^"\\]|\\.)*"?|''(?:[^''\\]|\\.)*''?|`(?:[^`\\]|\\.)*`?|\|\||&&|==|!=|<=|>=|//|\[\?|\[\]|.)',
              'g') with ordinality m(part, nr)
        ) w
       where w.head not in (' ', E'\t', E'\n', E'\r')
       order by w.nr
    ) t;
  tok := coalesce(tok, '{}') || ''::text;
  kind := coalesce(kind, '{}') || 'end'::text;
  pos := coalesce(pos, '{}') || (1 + shift + char_length(source));
end
$$;
