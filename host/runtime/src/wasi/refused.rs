//! What a WASI guest asks for and does not get: an environment, an end of the process, sockets, names, HTTP.

use super::Wasi;
use wasmtime::{
    bail,
    component::{
        Component, Linker, Resource, ResourceType,
        types::{ComponentInstance, ComponentItem},
    },
};
use wasmtime_wasi::p2::{
    DynPollable, Network, SocketError, SocketResult, TcpSocket, UdpSocket,
    bindings::{
        cli::{environment, exit},
        sockets::{
            ip_name_lookup::{self, ResolveAddressStream},
            network::{self, ErrorCode, IpAddress, IpAddressFamily},
            tcp_create_socket,
        },
        sync::sockets::udp_create_socket,
    },
};

impl environment::Host for Wasi {
    fn get_environment(&mut self) -> wasmtime::Result<Vec<(String, String)>> {
        Ok(Vec::new())
    }

    fn get_arguments(&mut self) -> wasmtime::Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn initial_cwd(&mut self) -> wasmtime::Result<Option<String>> {
        Ok(None)
    }
}

impl exit::Host for Wasi {
    fn exit(&mut self, status: Result<(), ()>) -> wasmtime::Result<()> {
        bail!("called exit({}) in the middle of a call", u8::from(status.is_err()))
    }

    fn exit_with_code(&mut self, code: u8) -> wasmtime::Result<()> {
        bail!("called exit({code}) in the middle of a call")
    }
}

impl network::Host for Wasi {
    fn convert_error_code(&mut self, error: SocketError) -> wasmtime::Result<ErrorCode> {
        error.downcast()
    }

    fn network_error_code(&mut self, _error: Resource<wasmtime::Error>) -> wasmtime::Result<Option<ErrorCode>> {
        Ok(None)
    }
}

impl network::HostNetwork for Wasi {
    fn drop(&mut self, network: Resource<Network>) -> wasmtime::Result<()> {
        self.table.delete(network)?;
        Ok(())
    }
}

impl tcp_create_socket::Host for Wasi {
    fn create_tcp_socket(&mut self, _family: IpAddressFamily) -> SocketResult<Resource<TcpSocket>> {
        Err(denied())
    }
}

impl udp_create_socket::Host for Wasi {
    fn create_udp_socket(&mut self, _family: IpAddressFamily) -> SocketResult<Resource<UdpSocket>> {
        Err(denied())
    }
}

impl ip_name_lookup::Host for Wasi {
    fn resolve_addresses(&mut self, _network: Resource<Network>, _name: String) -> SocketResult<Resource<ResolveAddressStream>> {
        Err(denied())
    }
}

/// No answers can come, as no question was let through.
impl ip_name_lookup::HostResolveAddressStream for Wasi {
    fn resolve_next_address(&mut self, _answers: Resource<ResolveAddressStream>) -> SocketResult<Option<IpAddress>> {
        Err(denied())
    }

    fn subscribe(&mut self, _answers: Resource<ResolveAddressStream>) -> wasmtime::Result<Resource<DynPollable>> {
        bail!("waited for the answer to a question that was refused")
    }

    fn drop(&mut self, answers: Resource<ResolveAddressStream>) -> wasmtime::Result<()> {
        self.table.delete(answers)?;
        Ok(())
    }
}

fn denied() -> SocketError {
    ErrorCode::AccessDenied.into()
}

/// Some toolchains import wasi:http whether a guest uses it or not: every call of it is a fault.
pub(super) fn link_http<T: 'static>(linker: &mut Linker<T>, component: &Component) -> wasmtime::Result<()> {
    let engine = linker.engine().clone();
    for (name, import) in component.component_type().imports(&engine) {
        if let (true, ComponentItem::ComponentInstance(interface)) = (name.starts_with("wasi:http/"), import.ty) {
            link_faults(linker, name, &interface)?;
        }
    }
    Ok(())
}

fn link_faults<T: 'static>(linker: &mut Linker<T>, name: &str, interface: &ComponentInstance) -> wasmtime::Result<()> {
    struct Nothing;
    let engine = linker.engine().clone();
    let mut instance = linker.instance(name)?;
    for (item, export) in interface.exports(&engine) {
        match export.ty {
            ComponentItem::ComponentFunc(_) => {
                let called = format!("{item} of {name}");
                instance.func_new(item, move |_, _, _, _| {
                    bail!("called {called}: a guest asks the host for requests")
                })?;
            }
            ComponentItem::Resource(_) => {
                instance.resource(item, ResourceType::host::<Nothing>(), |_, _| Ok(()))?;
            }
            _ => {}
        }
    }
    Ok(())
}
