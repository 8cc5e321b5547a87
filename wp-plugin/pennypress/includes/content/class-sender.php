<?php
/**
 * Sends what waits.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

/**
 * Takes posts from the queue, makes documents of them and sends those, until nothing is due or the time is up. A post that ends
 * the program while it is rendered costs one round: the rest is given back, and the post is made without its shortcodes next time.
 */
final class Sender {

	/**
	 * Documents that are taken at a time, and bytes that are sent at a time. The service takes 200 and 8 MB; an nginx before it, if
	 * nobody has told it otherwise, 1 MiB.
	 */
	const MOST_DOCUMENTS = 50;
	const MOST_BYTES     = 900000;

	/** Seconds after which what is made is sent, however little: a host may end the program, and then it would be made anew. */
	const SEND_EVERY = 5;

	/** Bytes of a document that the service would not take. */
	const LONGEST_DOCUMENT = 7000000;

	/** Seconds until something is tried again, by how often it was tried. */
	const DELAYS = array( 5, 15, 45, 120, 300, 900, 1800, 3600 );

	/**
	 * What is being done, for the case that the program ends in the middle of it.
	 *
	 * @var array{claim: string, post_id: int|null, since: float}|null
	 */
	private static $doing;

	/**
	 * Whether the end of the program is watched.
	 *
	 * @var bool
	 */
	private static $watched = false;

	/**
	 * The documents that are made and not sent: their JSON by the id.
	 *
	 * @var array<string, string>
	 */
	private $made = array();

	/**
	 * Their rows by the document's id, each with its new fingerprint.
	 *
	 * @var array<string, object>
	 */
	private $rows = array();

	/**
	 * Bytes that are made and not sent.
	 *
	 * @var int
	 */
	private $bytes = 0;

	/**
	 * When the first of them was begun, or they were last sent, as microtime() counts.
	 *
	 * @var float
	 */
	private $begun;

	/**
	 * Sends.
	 *
	 * @param float $seconds How long at most; a document that has been begun is still sent.
	 * @param bool  $bulk    Whether to take what a comparison found, too.
	 * @return bool Whether something due was left.
	 */
	public static function run( $seconds, $bulk ) {
		$until = microtime( true ) + $seconds;
		self::watch_the_end();
		while ( Settings::learns( Settings::all() ) ) {
			list( $claim, $rows ) = Document_Table::claim( self::MOST_DOCUMENTS, $bulk );
			if ( ! $rows ) {
				return false;
			}
			self::$doing = array(
				'claim'   => $claim,
				'post_id' => null,
				'since'   => 0.0,
			);
			$sent        = ( new self() )->send( $claim, $rows, $until );
			self::$doing = null;
			if ( ! $sent ) {
				return false;
			}
			if ( microtime( true ) >= $until || self::memory_is_short() ) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Sends some rows, as many as there is time for. The others are given back.
	 *
	 * @param string   $claim Their claim.
	 * @param object[] $rows  As Document_Table::claim() returned them.
	 * @param float    $until When to stop, as microtime() counts.
	 * @return bool Whether the service was there.
	 */
	private function send( $claim, array $rows, $until ) {
		self::look_afresh( array_map( 'intval', wp_list_pluck( $rows, 'post_id' ) ) );
		$this->begun = microtime( true );
		foreach ( $rows as $row ) {
			self::$doing['since']   = microtime( true );
			self::$doing['post_id'] = (int) $row->post_id;
			$json                   = $this->make( $row );
			self::$doing['post_id'] = null;
			if ( $this->bytes + strlen( $json ) > self::MOST_BYTES && ! $this->deliver( $claim ) ) {
				return false;
			}
			$this->put_with_the_others( $row, $json );
			if ( microtime( true ) - $this->begun >= self::SEND_EVERY && ! $this->deliver( $claim ) ) {
				return false;
			}
			if ( microtime( true ) >= $until ) {
				break;
			}
		}
		if ( ! $this->deliver( $claim ) ) {
			return false;
		}
		Document_Table::give_back( $claim, 0 );
		return true;
	}

	/**
	 * Makes the document of a row, or the message that there is none any more.
	 *
	 * @param object $row A row; it gets its new fingerprint as `mark`.
	 * @return string JSON; empty if there is nothing to send.
	 */
	private function make( $row ) {
		$id       = Post_Document::id( $row->post_id );
		$document = null;
		$mark     = '';
		try {
			if ( Document_Table::MENUS === (int) $row->post_id ) {
				$document = Menu_Document::build();
				$mark     = $document ? Menu_Document::fingerprint( $document ) : '';
				if ( $row->sent === $row->remote && $mark === $row->fingerprint ) {
					Document_Table::settle( $row, $mark, (int) $row->sent ); // Many things may change a menu; few do.
					return '';
				}
			} else {
				$post = get_post( (int) $row->post_id );
				if ( Document_Rule::wants( $post ) ) {
					$mark     = Post_Document::fingerprint( $post );
					$document = Post_Document::build( $post, (int) $row->plain );
				}
			}
		} catch ( \Throwable $error ) {
			/* translators: %s: error message */
			Document_Table::crashed( (int) $row->post_id, $row->claim, sprintf( __( 'Rendering failed: %s', 'pennypress' ), $error->getMessage() ) );
			return '';
		}
		$document = $document ? $document : array( 'deleted' => true );
		$json     = wp_json_encode(
			array(
				'id'       => $id,
				'modified' => Content_Service::time( (int) $row->version ),
			) + $document,
			JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_INVALID_UTF8_SUBSTITUTE
		);
		if ( false === $json || strlen( $json ) > self::LONGEST_DOCUMENT ) {
			/* translators: %s: a size such as 12 MB */
			Document_Table::refuse( $row, sprintf( __( 'This page is too long (%s of HTML).', 'pennypress' ), size_format( strlen( (string) $json ) ) ) );
			return '';
		}
		$row->mark = $mark;
		return $json;
	}

	/**
	 * Puts a document with those that are sent next.
	 *
	 * @param object $row  Its row.
	 * @param string $json As make() returned it.
	 */
	private function put_with_the_others( $row, $json ) {
		if ( '' !== $json ) {
			$id                = Post_Document::id( $row->post_id );
			$this->made[ $id ] = $json;
			$this->rows[ $id ] = $row;
			$this->bytes      += strlen( $json );
		}
	}

	/**
	 * Sends what is made.
	 *
	 * @param string $claim The claim of its rows.
	 * @return bool Whether the service was there.
	 */
	private function deliver( $claim ) {
		$made        = $this->made;
		$this->made  = array();
		$this->bytes = 0;
		$this->begun = microtime( true );
		self::stay( $claim );
		if ( ! $made ) {
			return true;
		}
		list( $outcomes, $trouble ) = Content_Service::send( array_values( $made ) );
		if ( $trouble && $trouble->is_about_the_call && count( $made ) > 1 ) {
			// One of them is what the service does not take: each is sent by itself.
			$outcomes = array();
			foreach ( $made as $id => $json ) {
				self::stay( $claim );
				list( $one, $trouble ) = Content_Service::send( array( $json ) );
				if ( $trouble && ! $trouble->is_about_the_call ) {
					break;
				}
				$outcomes += $trouble ? self::refusal( $id, $trouble ) : $one;
			}
			$trouble = $trouble && ! $trouble->is_about_the_call ? $trouble : null;
		} elseif ( $trouble && $trouble->is_about_the_call ) {
			$outcomes = self::refusal( (string) key( $made ), $trouble );
			$trouble  = null;
		}
		$this->write_down( is_array( $outcomes ) ? $outcomes : array() );
		if ( $trouble ) {
			self::put_off( $claim, $trouble, array_map( 'intval', wp_list_pluck( $this->rows, 'tries' ) ) );
			return false;
		}
		foreach ( $this->rows as $row ) {
			Document_Table::refuse( $row, __( 'The service did not say what became of this page.', 'pennypress' ) );
		}
		$this->rows = array();
		Delivery_State::went_well();
		return true;
	}

	/**
	 * What is to be written down of a document that the service does not take.
	 *
	 * @param string          $id      Its id.
	 * @param Service_Trouble $trouble Why.
	 * @return array<string, array{outcome: string, detail: string}>
	 */
	private static function refusal( $id, Service_Trouble $trouble ) {
		return array(
			$id => array(
				'outcome' => 'refused',
				'detail'  => $trouble->message,
			),
		);
	}

	/**
	 * Writes down what came of documents.
	 *
	 * @param array<string, array{outcome: string, detail: string}> $outcomes By id.
	 */
	private function write_down( array $outcomes ) {
		global $wpdb;
		$wpdb->query( 'START TRANSACTION' ); // phpcs:ignore WordPress.DB -- fifty small writes are one for the disk.
		foreach ( $outcomes as $id => $what ) {
			if ( ! isset( $this->rows[ $id ] ) ) {
				continue;
			}
			$row = $this->rows[ $id ];
			unset( $this->rows[ $id ] );
			if ( 'refused' === $what['outcome'] ) {
				Document_Table::refuse( $row, $what['detail'] );
			} elseif ( 'older' === $what['outcome'] ) {
				Document_Table::refuse( $row, __( 'The service has a newer version of this page. The next comparison puts that right.', 'pennypress' ) );
			} else {
				Document_Table::settle( $row, $row->mark, '' === $row->mark ? 0 : (int) $row->version );
			}
		}
		$wpdb->query( 'COMMIT' ); // phpcs:ignore WordPress.DB
	}

	/**
	 * The service was not there: all that is claimed is tried again later.
	 *
	 * @param string          $claim   The claim.
	 * @param Service_Trouble $trouble What was wrong.
	 * @param int[]           $tries   How often each was tried before.
	 */
	private static function put_off( $claim, Service_Trouble $trouble, array $tries ) {
		$often = min( count( self::DELAYS ) - 1, $tries ? max( $tries ) : 0 );
		$delay = max( $trouble->retry_after, (int) round( self::DELAYS[ $often ] * wp_rand( 85, 115 ) / 100 ) );
		Document_Table::give_back( $claim, $delay );
		Delivery_State::went_wrong( $trouble->message, $delay );
	}

	/**
	 * Says that this process is alive: its rows and the lock stay its own.
	 *
	 * @param string $claim The claim of its rows.
	 */
	private static function stay( $claim ) {
		Document_Table::hold( $claim );
		Work_Lock::keep();
	}

	/**
	 * Forgets what this process remembers of posts: another may have changed them. Reads all of them at once.
	 *
	 * @param int[] $post_ids The posts.
	 */
	private static function look_afresh( array $post_ids ) {
		global $wpdb;
		if ( function_exists( 'wp_cache_supports' ) && wp_cache_supports( 'flush_runtime' ) ) {
			wp_cache_flush_runtime(); // What is remembered here only; it also keeps the memory that is used from growing.
		} else {
			foreach ( $post_ids as $post_id ) {
				wp_cache_delete( $post_id, 'posts' );
				wp_cache_delete( $post_id, 'post_meta' );
			}
		}
		$wpdb->queries = array(); // With SAVEQUERIES, all of them would be kept.
		_prime_post_caches( array_filter( $post_ids ), true, true );
	}

	/**
	 * Whether much of the memory is used up that PHP may have.
	 *
	 * @return bool
	 */
	private static function memory_is_short() {
		$limit = wp_convert_hr_to_bytes( (string) ini_get( 'memory_limit' ) );
		return $limit > 0 && memory_get_usage( true ) > 0.8 * $limit;
	}

	/**
	 * Sees to it that a program that ends in the middle leaves its work to the next.
	 */
	private static function watch_the_end() {
		if ( self::$watched ) {
			return;
		}
		self::$watched = true;
		register_shutdown_function(
			static function () {
				if ( null === self::$doing ) {
					return;
				}
				$error = error_get_last();
				$delay = 0;
				if ( ! Wp_Action::ended_the_program() && null !== self::$doing['post_id'] ) {
					$said = $error && in_array( $error['type'], array( E_ERROR, E_PARSE, E_COMPILE_ERROR, E_USER_ERROR ), true ) ? $error['message'] : __( 'a shortcode or block ended the program', 'pennypress' );
					if ( self::others_took_the_time( $said ) ) {
						$delay = self::DELAYS[0];
					} else {
						/* translators: %s: error message */
						Document_Table::crashed( self::$doing['post_id'], self::$doing['claim'], sprintf( __( 'Rendering failed: %s', 'pennypress' ), strtok( $said, "\n" ) ) );
					}
				}
				Document_Table::give_back( self::$doing['claim'], $delay );
				Work_Lock::release();
				Worker::go_on();
			}
		);
	}

	/**
	 * Whether the program ran out of time while a post was rendered that had used less than half of it: the post is not to blame.
	 *
	 * @param string $said What PHP said.
	 * @return bool
	 */
	private static function others_took_the_time( $said ) {
		return 0 === strpos( $said, 'Maximum execution time' ) && microtime( true ) - self::$doing['since'] < (int) ini_get( 'max_execution_time' ) / 2;
	}
}
