-- One field of a cron text as the values it allows, in order. p_at is where it begins in the text (from 1).
-- Elements, separated by commas: *, a, a-b, each with /n for every n-th of it; a/n is from a to the end. Names where there are
-- some; a number is one to four plain digits. Sunday is 0 and 7.
-- Called by: parse_cron.
create or replace function meshhook_engine.cron_field(p_text text, p_at int, p_field text, p_low int, p_high int, p_names text[])
returns int[]
language plpgsql immutable as $$
declare
  v_week    constant boolean := p_field = 'day of week';
  v_values  int[] := '{}'::int[];
  v_at      int := p_at;
  v_element text;
  v_parts   text[];
  v_ends    int[];
  v_step    int;
  v_range   constant text := format('The %s goes from %s to %s%s.', p_field, p_low, p_high,
    case when v_week then ' (0 and 7 are Sunday), or SUN to SAT' when p_names is not null then ', or JAN to DEC' else '' end);
begin
  foreach v_element in array string_to_array(p_text, ',') loop
    v_parts := regexp_match(v_element, '^(\*|[0-9]{1,4}|[A-Za-z]{3})(?:-([0-9]{1,4}|[A-Za-z]{3}))?(?:/([0-9]{1,4}))?$');
    if v_parts is null or v_parts[1] = '*' and v_parts[2] is not null then
      perform meshhook_engine.refuse_cron('MH_CRON_SYNTAX', v_at,
        format('%s is no %s', quote_literal(left(v_element, 40)), p_field),
        'Elements are *, a, a-b, each with /n if you like, separated by commas. ' || v_range
        || case when v_element ~ '[#WwLl?]' then ' L stands alone and for the last day of the month only; ?, W and # are not known.' else '' end);
    end if;
    v_step := coalesce(v_parts[3]::int, 1);
    if v_step = 0 then
      perform meshhook_engine.refuse_cron('MH_CRON_STEP', v_at, format('the step of the %s is 0', p_field), 'Give a step of 1 or more.');
    end if;
    if v_parts[1] = '*' then
      v_ends := array[p_low, case when v_week then 6 else p_high end];
    else
      v_ends := array(
        select case when e.part ~ '^[0-9]' then e.part::int else p_low - 1 + array_position(p_names, upper(e.part)) end
        from unnest(v_parts[1:2]) with ordinality e(part, n) where e.part is not null order by e.n);
      if array_position(v_ends, null) is not null then
        perform meshhook_engine.refuse_cron('MH_CRON_SYNTAX', v_at,
          format('%s is no %s', quote_literal(v_element), p_field), v_range);
      end if;
      if cardinality(v_ends) = 1 then
        v_ends := v_ends || case when v_parts[3] is null then v_ends[1] when v_week then greatest(v_ends[1], 6) else p_high end;
      elsif v_week and v_ends[2] = 0 and v_ends[1] > 0 then
        v_ends[2] := 7;  -- FRI-SUN
      end if;
      if least(v_ends[1], v_ends[2]) < p_low or greatest(v_ends[1], v_ends[2]) > p_high then
        perform meshhook_engine.refuse_cron('MH_CRON_RANGE', v_at,
          format('%s is out of range for the %s', quote_literal(v_element), p_field), v_range);
      end if;
      if v_ends[1] > v_ends[2] then
        perform meshhook_engine.refuse_cron('MH_CRON_ORDER', v_at,
          format('%s runs backwards', quote_literal(v_element)), format('Write it as two: %s-%s,%s-%s.', v_ends[1], p_high, p_low, v_ends[2]));
      end if;
    end if;
    v_values := v_values || array(select case when v_week then g % 7 else g end from generate_series(v_ends[1], v_ends[2], v_step) g);
    v_at := v_at + length(v_element) + 1;
  end loop;
  return array(select distinct v from unnest(v_values) v order by v);
end $$;
