//! The grammar of the table of PDUs, and what follows from a row: a struct, its reading, its writing, its length.
//!
//! A field is written `name: kind<Type>[most octets] or status`. The kind names a pair of methods, one of `Reader` and one of
//! `Writer`; the status is what a peer is answered that gets the field wrong.

macro_rules! pdus {
    (
        bodies { $(
            $(#[$body_doc:meta])*
            $body:ident { $(
                $(#[doc = $field_doc:literal])*
                $field:ident : $kind:ident $(<$value:ident>)? $([$max:expr])? $(or $status:ident)?,
            )* }
        )* }
        commands { $(
            $(#[doc = $command_doc:literal])*
            $id:ident $command:ident $(($command_body:ident))? from $sender:ident in $section:literal,
        )* }
    ) => {
        $(
            $(#[$body_doc])*
            #[derive(Clone, Copy, Default, PartialEq, Eq)]
            pub struct $body<'a> { $(
                $(#[doc = $field_doc])*
                pub $field: field_type!('a $kind $($value)?),
            )* }

            impl<'a> $body<'a> {
                const FIELDS: &'static [Field] = &[ $(
                    Field {
                        name: stringify!($field),
                        kind: stringify!($kind),
                        value: option!($( stringify!($value) )?),
                        octets_max: option!($( $max )?),
                        status: option!($( CommandStatus::$status )?),
                        doc: concat!($($field_doc),*),
                    },
                )* ];

                fn read(reader: &mut Reader<'a>) -> Result<Self, Problem> {
                    Ok(Self { $(
                        $field: reader.$kind(stringify!($field) $(, $max)? $(, CommandStatus::$status)?)?,
                    )* })
                }

                fn len(&self) -> usize {
                    0 $( + field_len!($kind self.$field) )*
                }

                fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
                    $( writer.$kind(stringify!($field), self.$field $(, $max)?)?; )*
                    Ok(())
                }
            }

            /// Shows neither passwords nor user data nor numbers: of those the length.
            impl fmt::Debug for $body<'_> {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.debug_struct(stringify!($body))
                        $( .field(stringify!($field), &field_shown!($kind self.$field)) )*
                        .finish()
                }
            }
        )*

        /// Every PDU, in the order of the table.
        pub static TABLE: &[Row] = &[ $(
            Row {
                command_id: CommandId::$id,
                section: $section,
                sender: Sender::$sender,
                fields: list_or_empty!($( $command_body::FIELDS )?),
                doc: concat!($($command_doc),*),
            },
        )* ];

        /// One PDU without its header. Strings are without their NUL and borrow from the frame.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Pdu<'a> { $(
            $(#[doc = $command_doc])*
            #[doc = concat!("(SMPP 3.4 §", $section, ")")]
            $command $(($command_body<'a>))?,
        )* }

        impl<'a> Pdu<'a> {
            /// Its command_id.
            #[must_use]
            pub const fn command_id(&self) -> CommandId {
                match self {
                    $( Self::$command { .. } => CommandId::$id, )*
                }
            }

            /// `None` when the table has no row for `id`.
            pub(super) fn read(id: CommandId, reader: &mut Reader<'a>) -> Result<Option<Self>, Problem> {
                Ok(Some(match id {
                    $( CommandId::$id => Self::$command $( ($command_body::read(reader)?) )?, )*
                    _ => return Ok(None),
                }))
            }

            /// The PDU whose fields are all empty; `None` when the table has no row for `id`.
            pub(super) fn empty(id: CommandId) -> Option<Self> {
                Some(match id {
                    $( CommandId::$id => Self::$command $( ($command_body::default()) )?, )*
                    _ => return None,
                })
            }

            /// Octets behind the header.
            pub(super) fn body_len(&self) -> usize {
                match self {
                    $( Self::$command $( (body @ $command_body { .. }) )? => 0 $( + $command_body::len(body) )?, )*
                }
            }

            pub(super) fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
                match self {
                    $( Self::$command $( (body @ $command_body { .. }) )? => { $( $command_body::write(body, writer)?; )? } )*
                }
                Ok(())
            }
        }
    };
}

/// What is there, if anything is.
macro_rules! option {
    () => {
        None
    };
    ($there:expr) => {
        Some($there)
    };
}

/// The list that is there, or an empty one.
macro_rules! list_or_empty {
    () => {
        &[]
    };
    ($there:expr) => {
        $there
    };
}

/// What a field of a kind is in memory.
macro_rules! field_type {
    ($borrow:lifetime octet $value:ident) => { $value };
    ($borrow:lifetime value $value:ident) => { $value };
    ($borrow:lifetime time) => { Time };
    ($borrow:lifetime destinations) => { Destinations<$borrow> };
    ($borrow:lifetime unsuccesses) => { Unsuccesses<$borrow> };
    ($borrow:lifetime tlvs) => { Tlvs<$borrow> };
    ($borrow:lifetime $octets:ident) => { &$borrow [u8] };
}

/// Octets that a field of a kind has on the wire: a string's NUL and a count are one more.
macro_rules! field_len {
    (octet $value:expr) => {
        1
    };
    (value $value:expr) => {
        1
    };
    (time $value:expr) => {
        $value.wire_len()
    };
    (destinations $value:expr) => {
        $value.octets().len() + 1
    };
    (unsuccesses $value:expr) => {
        $value.octets().len() + 1
    };
    (tlvs $value:expr) => {
        $value.octets().len()
    };
    ($octets:ident $value:expr) => {
        $value.len() + 1
    };
}

/// What `Debug` shows of a field of a kind.
macro_rules! field_shown {
    (password $value:expr) => {
        format_args!("[{}]", $value.len())
    };
    (address $value:expr) => {
        format_args!("[{}]", $value.len())
    };
    (counted $value:expr) => {
        format_args!("[{}]", $value.len())
    };
    (c_octets $value:expr) => {
        format_args!("\"{}\"", $value.escape_ascii())
    };
    (printable $value:expr) => {
        format_args!("\"{}\"", $value.escape_ascii())
    };
    ($typed:ident $value:expr) => {
        $value
    };
}
