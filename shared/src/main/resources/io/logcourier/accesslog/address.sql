    -- Of a list of addresses the first, without brackets, a port, and the mark of an IPv4 address in IPv6.
    text -> if(startsWith(lower(text), '::ffff:') AND isIPv4String(substring(text, 8)), substring(text, 8), text) AS unmapped,
    text -> multiIf(
        match(text, '^\\[[^\\]]*\\](:[0-9]+)?$'), substring(text, 2, position(text, ']') - 2),
        match(text, '^[0-9.]+:[0-9]+$'), substringIndex(text, ':', 1),
        text) AS bare,
    text -> if(
        position(text, ':') = 0 AND position(text, ',') = 0,
        text,
        unmapped(bare(trimBoth(substringIndex(text, ',', 1))))) AS address,
