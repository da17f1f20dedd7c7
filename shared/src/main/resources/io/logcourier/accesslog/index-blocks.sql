ALTER TABLE {logs:Identifier}.{table:Identifier}/* on cluster */
MODIFY SETTING part_minmax_index_columns = 'with_block_number_offset'
