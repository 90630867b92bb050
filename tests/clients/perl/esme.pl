# An ESME on Net::SMPP, driven line by line.
#
# Reads one JSON command a line from standard input and writes one JSON event a line to standard output, so that a scenario
# says what to do and judges what came of it. Ends when standard input does, after an unbind. It decides nothing.
use strict;
use warnings;

use Encode qw(decode encode);
use IO::Select;
use JSON::PP;
use Net::SMPP;

my ($host, $port, $system_id, $password, $kind) = @ARGV;
my $json = JSON::PP->new->utf8->canonical;
my %tags;

sub say_event {
    my ($event, %facts) = @_;
    syswrite STDOUT, $json->encode({event => $event, %facts}) . "\n";
}

sub string { my ($octets) = @_; return decode('latin-1', $octets // '') =~ s/\0$//r }

# What Perl itself knows of GSM 03.38, where a text fits into it.
sub encoded {
    my ($text, $latin1) = @_;
    return (3, encode('latin-1', $text)) if $latin1;
    my $octets = eval { encode('gsm0338', $text, Encode::FB_CROAK | Encode::LEAVE_SRC) };
    return defined $octets ? (0, $octets) : (8, encode('UTF-16BE', $text));
}

sub decoded {
    my ($data_coding, $octets) = @_;
    return decode($data_coding == 8 ? 'UTF-16BE' : 'gsm0338', $octets);
}

my ($smpp, $answer) = Net::SMPP->can("new_$kind")->('Net::SMPP', $host,
    port => $port, system_id => $system_id, password => $password, interface_version => 0x34);
defined $smpp or die "cannot connect: $!";
if (!$answer || $answer->status) {
    say_event('refused', status => $answer ? $answer->status : undef);
    exit;
}
say_event('bound', system_id => $answer->{system_id});
${*$smpp}{async} = 1;

my @from = (source_addr_ton => 5, source_addr_npi => 0);
my @to = (dest_addr_ton => 1, dest_addr_npi => 1);

sub text_fields {
    my ($command) = @_;
    my ($data_coding, $octets) = encoded($command->{text}, $command->{latin1});
    return length $octets <= 160
        ? (data_coding => $data_coding, short_message => $octets)
        : (data_coding => $data_coding, short_message => '', message_payload => $octets);
}

my %obey = (
    submit => sub {
        my ($command) = @_;
        return $smpp->submit_sm(@from, source_addr => $command->{source}, @to, destination_addr => $command->{destination},
            registered_delivery => $command->{receipt} ? 1 : 0, schedule_delivery_time => $command->{schedule} // '',
            text_fields($command));
    },
    data => sub {
        my ($command) = @_;
        my ($data_coding, $octets) = encoded($command->{text});
        return $smpp->data_sm(@from, source_addr => $command->{source}, @to, destination_addr => $command->{destination},
            registered_delivery => $command->{receipt} ? 1 : 0, data_coding => $data_coding, message_payload => $octets);
    },
    multi => sub {
        my ($command) = @_;
        my $destinations = $command->{destinations};
        return $smpp->submit_multi(@from, source_addr => $command->{source}, destination_addr => $destinations,
            dest_flag => [map { 1 } @$destinations], dest_addr_ton => [map { 1 } @$destinations],
            dest_addr_npi => [map { 1 } @$destinations], registered_delivery => $command->{receipt} ? 1 : 0,
            text_fields($command));
    },
    query => sub {
        my ($command) = @_;
        return $smpp->query_sm(message_id => $command->{id}, @from, source_addr => $command->{source});
    },
    cancel => sub {
        my ($command) = @_;
        return $smpp->cancel_sm(message_id => $command->{id}, @from, source_addr => $command->{source}, @to,
            destination_addr => $command->{destination});
    },
    replace => sub {
        my ($command) = @_;
        my (undef, $octets) = encoded($command->{text});
        return $smpp->replace_sm(message_id => $command->{id}, @from, source_addr => $command->{source},
            schedule_delivery_time => $command->{schedule} // '', registered_delivery => $command->{receipt} ? 1 : 0,
            short_message => $octets);
    },
    enquire => sub { return $smpp->enquire_link() },
);

my %hear = (
    submit_sm_resp => sub { my ($pdu) = @_; return submitted => id => string($pdu->{message_id}) },
    data_sm_resp => sub { my ($pdu) = @_; return submitted => id => string($pdu->{message_id}) },
    submit_multi_resp => sub {
        my ($pdu) = @_;
        my @unsuccess = map { {destination => $pdu->{destination_addr}[$_], status => $pdu->{error_status_code}[$_]} }
            0 .. ($pdu->{no_unsuccess} // 0) - 1;
        return submitted => id => string($pdu->{message_id}), unsuccess => \@unsuccess;
    },
    query_sm_resp => sub {
        my ($pdu) = @_;
        return queried => id => $pdu->{message_id}, state => $pdu->{message_state}, final_date => $pdu->{final_date},
            error => $pdu->{error_code};
    },
    cancel_sm_resp => sub { return 'cancelled' },
    replace_sm_resp => sub { return 'replaced' },
    enquire_link_resp => sub { return 'enquired' },
);

sub deliver_sm {
    my ($pdu) = @_;
    my %facts = (source => $pdu->{source_addr}, destination => $pdu->{destination_addr},
        data_coding => $pdu->{data_coding}, esm_class => $pdu->{esm_class});
    my $octets = $pdu->{short_message};
    my $type = $pdu->{esm_class} & 0x3C;
    if ($type == 0x04 || $type == 0x20) {
        say_event('receipt', id => string($pdu->{receipted_message_id}), state => unpack('C', $pdu->{message_state}),
            text => $octets, %facts);
    } else {
        my $length = $pdu->{esm_class} & 0x40 ? 1 + ord $octets : 0;
        say_event('message', text => decoded($pdu->{data_coding}, substr $octets, $length),
            udh => unpack('H*', substr $octets, 0, $length), %facts);
    }
    $smpp->deliver_sm_resp(seq => $pdu->seq, message_id => '');
}

my $unbinding = 0;

sub on_pdu {
    my $pdu = $smpp->read_pdu() or die "the connection ended: ${*$smpp}{smpperror}";
    my $name = $pdu->explain_cmd;
    if ($name eq 'deliver_sm') {
        deliver_sm($pdu);
    } elsif ($name eq 'enquire_link') {
        $smpp->enquire_link_resp(seq => $pdu->seq);
    } elsif ($name eq 'unbind_resp' && $unbinding) {
        say_event('unbound');
        exit;
    } elsif (my $heard = $hear{$name}) {
        my ($event, %facts) = $heard->($pdu);
        say_event($event, tag => delete $tags{$pdu->seq}, status => $pdu->status, %facts);
    } else {
        die "$name, which nobody has asked for";
    }
}

my $ready = IO::Select->new(\*STDIN, $smpp);
my $commands = '';
while (1) {
    for my $handle ($ready->can_read) {
        if ($handle == $smpp) {
            on_pdu();
        } elsif (sysread STDIN, $commands, 65536, length $commands) {
            while ($commands =~ s/^(.*)\n//) {
                my $command = $json->decode($1);
                my $seq = $obey{$command->{do}}->($command);
                $tags{$seq} = $command->{tag};
            }
        } else {
            $ready->remove(\*STDIN);
            $unbinding = 1;
            $smpp->unbind();
        }
    }
}
