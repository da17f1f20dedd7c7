SELECT name FROM system.merge_tree_settings WHERE name = 'part_minmax_index_columns'
