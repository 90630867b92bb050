//! What an ESME can ask besides submitting: a message to many, a message as data, and what became of it, its end, another in its place.

use edgebind_smpp::{
    CancelSm, CommandStatus, DataSmResp, Destination, DestinationList, MessageState, Pdu, QuerySm, QuerySmResp, SubmitMultiResp,
    Time,
};

use super::submit::{Address, Long, Submit};
use super::wire::Frame;
use super::{Esme, Failure};

/// What a submit_multi was answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToMany {
    /// The message_id, one for all destinations.
    pub id: String,
    /// The destinations that it does not go to, and why.
    pub refused: Vec<(Address, CommandStatus)>,
}

/// What a query_sm was answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The message_id.
    pub id: String,
    /// What became of the message.
    pub state: MessageState,
    /// Since when, once that is final.
    pub final_date: Time,
    /// The network's error.
    pub error_code: u8,
}

impl Esme {
    /// Submits a message to these numbers and distribution lists, whatever destination it names itself; one answer for each part it takes.
    ///
    /// # Errors
    ///
    /// The failure of the first part that fails; [`Failure::Unfit`] for more than 254 destinations.
    pub async fn submit_multi(&self, submit: &Submit, numbers: &[Address], lists: &[&str]) -> Result<Vec<ToMany>, Failure> {
        let mut destinations = DestinationList::new();
        let numbers = numbers.iter().map(|number| Destination::Sme {
            dest_addr_ton: number.ton,
            dest_addr_npi: number.npi,
            destination_addr: number.digits.as_bytes(),
        });
        for destination in numbers.chain(lists.iter().map(|list| Destination::List(list.as_bytes()))) {
            destinations
                .push(destination)
                .map_err(|error| Failure::Unfit(error.to_string()))?;
        }
        let mut answers = Vec::new();
        for part in submit.parts(self.next_reference()) {
            let answer = self.request(&part.to_many(destinations.destinations())).await?;
            match body(&answer)? {
                Pdu::SubmitMultiResp(body) => answers.push(ToMany::read(body)),
                other => return Err(wrong(&other)),
            }
        }
        Ok(answers)
    }

    /// Submits a message as data_sm, all of it in message_payload; gives its message_id.
    ///
    /// # Errors
    ///
    /// [`Failure::Refused`] with the server's reason.
    pub async fn submit_data(&self, submit: &Submit) -> Result<String, Failure> {
        let whole = submit.clone().long(Long::Payload);
        let mut id = String::new();
        for part in whole.parts(0) {
            let answer = self.request(&part.data()).await?;
            match body(&answer)? {
                Pdu::DataSmResp(DataSmResp { message_id, .. }) => id = string(message_id),
                other => return Err(wrong(&other)),
            }
        }
        Ok(id)
    }

    /// Asks what became of a message from this address.
    ///
    /// # Errors
    ///
    /// [`Failure::Refused`] with the server's reason.
    pub async fn query(&self, id: &str, source: &Address) -> Result<Standing, Failure> {
        let question = QuerySm {
            message_id: id.as_bytes(),
            source_addr_ton: source.ton,
            source_addr_npi: source.npi,
            source_addr: source.digits.as_bytes(),
        };
        let answer = self.request(&Pdu::QuerySm(question)).await?;
        match body(&answer)? {
            Pdu::QuerySmResp(body) => Ok(Standing::read(body)),
            other => Err(wrong(&other)),
        }
    }

    /// Cancels the message of this id, or with an empty one all from the one address to the other.
    ///
    /// # Errors
    ///
    /// [`Failure::Refused`] with the server's reason.
    pub async fn cancel(&self, id: &str, source: &Address, destination: &Address) -> Result<(), Failure> {
        let cancel = CancelSm {
            message_id: id.as_bytes(),
            source_addr_ton: source.ton,
            source_addr_npi: source.npi,
            source_addr: source.digits.as_bytes(),
            dest_addr_ton: destination.ton,
            dest_addr_npi: destination.npi,
            destination_addr: destination.digits.as_bytes(),
            ..CancelSm::default()
        };
        match body(&self.request(&Pdu::CancelSm(cancel)).await?)? {
            Pdu::CancelSmResp => Ok(()),
            other => Err(wrong(&other)),
        }
    }

    /// Puts the text, the times and the wishes of another message in place of those of the message of this id; the first part of it, if
    /// it takes several.
    ///
    /// # Errors
    ///
    /// [`Failure::Refused`] with the server's reason.
    pub async fn replace(&self, id: &str, submit: &Submit) -> Result<(), Failure> {
        let parts = submit.parts(0);
        let Some(part) = parts.first() else {
            return Err(Failure::Unfit("a message without parts".into()));
        };
        match body(&self.request(&part.replacing(id)).await?)? {
            Pdu::ReplaceSmResp => Ok(()),
            other => Err(wrong(&other)),
        }
    }
}

impl ToMany {
    fn read(body: SubmitMultiResp<'_>) -> Self {
        let refused = body.unsuccess_smes.iter().map(|refused| {
            let address = Address::read(refused.dest_addr_ton, refused.dest_addr_npi, refused.destination_addr);
            (address, refused.error_status_code)
        });
        Self {
            id: string(body.message_id),
            refused: refused.collect(),
        }
    }
}

impl Standing {
    fn read(body: QuerySmResp<'_>) -> Self {
        Self {
            id: string(body.message_id),
            state: body.message_state,
            final_date: body.final_date,
            error_code: body.error_code,
        }
    }
}

fn body(answer: &Frame) -> Result<Pdu<'_>, Failure> {
    answer.pdu().map_err(|error| Failure::Wrong(error.to_string()))
}

fn wrong(pdu: &Pdu<'_>) -> Failure {
    Failure::Wrong(pdu.command_id().to_string())
}

fn string(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}
