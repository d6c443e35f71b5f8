// Nothing: a library that has precompiled headers needs a source.
