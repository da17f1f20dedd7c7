RENAME DATABASE {from:Identifier} TO {to:Identifier}
