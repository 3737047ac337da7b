//! Closed sets of words: types, kinds and directions.

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal $(| $alias:literal)*,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// All words as they are written.
            pub const WORDS: &'static [&'static str] = &[$($text,)*];

            /// The word as it is written.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// Reads a word or one of its other spellings.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($text $(| $alias)* => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

words! {
    /// The type of a value.
    ScalarType {
        /// Truth.
        Bool = "bool" | "boolean",
        /// Instant in ticks of 100 ns, UTC.
        DateTime = "datetime" | "date",
        /// 128-bit decimal.
        Decimal = "decimal",
        /// Any JSON-like value.
        Dynamic = "dynamic",
        /// 128-bit identifier.
        Guid = "guid" | "uuid" | "uniqueid",
        /// 32-bit integer.
        Int = "int" | "int8" | "int16" | "int32" | "uint8" | "uint16",
        /// 64-bit integer.
        Long = "long" | "int64" | "uint" | "uint32" | "uint64" | "ulong",
        /// 64-bit float.
        Real = "real" | "double" | "float",
        /// Text.
        String = "string",
        /// Duration in ticks of 100 ns.
        Timespan = "timespan" | "time",
    }
}

words! {
    /// Which rows a join gives.
    JoinKind {
        /// The left side deduplicated by key, then inner: the default.
        InnerUnique = "innerunique",
        /// All pairs.
        Inner = "inner",
        /// All pairs and what is left alone on the left.
        LeftOuter = "leftouter",
        /// All pairs and what is left alone on the right.
        RightOuter = "rightouter",
        /// All pairs and what is left alone on both sides.
        FullOuter = "fullouter",
        /// Left rows without a match.
        LeftAnti = "leftanti" | "anti" | "leftantisemi",
        /// Right rows without a match.
        RightAnti = "rightanti" | "rightantisemi",
        /// Left rows with a match.
        LeftSemi = "leftsemi",
        /// Right rows with a match.
        RightSemi = "rightsemi",
    }
}

words! {
    /// Which columns a union has.
    UnionKind {
        /// Those of any table: the default.
        Outer = "outer",
        /// Those that all tables have.
        Inner = "inner",
    }
}

words! {
    /// Order of a sort key.
    Direction {
        /// Smallest first.
        Ascending = "asc",
        /// Greatest first.
        Descending = "desc",
        /// Smallest first, numbers in text as numbers.
        NaturalAscending = "granny-asc",
        /// Greatest first, numbers in text as numbers.
        NaturalDescending = "granny-desc",
    }
}

words! {
    /// Where nulls go in a sort.
    Nulls {
        /// In front.
        First = "first",
        /// Behind.
        Last = "last",
    }
}

words! {
    /// How a pattern of `parse` is read.
    ParseKind {
        /// All or nothing: the default.
        Simple = "simple",
        /// Text between columns are regular expressions.
        Regex = "regex",
        /// A column that does not convert is null.
        Relaxed = "relaxed",
    }
}

words! {
    /// What `mv-expand` makes of a bag.
    ExpandKind {
        /// Bags with one property.
        Bag = "bag",
        /// Arrays of name and value.
        Array = "array",
    }
}

words! {
    /// What a series does where there is nothing.
    SeriesKind {
        /// An empty input gives a series of defaults.
        NonEmpty = "nonempty",
    }
}

words! {
    /// Whether a search minds upper and lower case.
    SearchKind {
        /// It does not: the default.
        Default = "default" | "case_insensitive",
        /// It does.
        CaseSensitive = "case_sensitive",
    }
}

words! {
    /// Which matches of a step a scan gives.
    ScanOutput {
        /// All.
        All = "all",
        /// The last.
        Last = "last",
        /// None.
        None = "none",
    }
}

words! {
    /// What a graph pattern may visit again.
    Cycles {
        /// Everything.
        All = "all",
        /// Nodes and edges are visited once.
        None = "none",
        /// Edges are visited once: the default.
        UniqueEdges = "unique_edges",
    }
}

words! {
    /// How many of the shortest paths are given.
    PathOutput {
        /// One for each pair: the default.
        Any = "any",
        /// All of the smallest length.
        All = "all",
    }
}

words! {
    /// What connects a component.
    ComponentKind {
        /// Edges in any direction: the default.
        Weak = "weak",
        /// Paths in both directions.
        Strong = "strong",
    }
}
