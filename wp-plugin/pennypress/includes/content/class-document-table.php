<?php
/**
 * What the service knows of this site, and what it is still to be told.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

// phpcs:disable WordPress.DB -- a table of our own, whose name is ours; it is a queue, which no cache may stand before.

/**
 * One small row a post: a queue and a memory in one. A row is *waiting* until the service has taken its newest version, then
 * *settled*; one that the service refuses for good has *failed*. Who works on rows *claims* them first, so that two processes
 * never send the same post and an older text never overtakes a newer one; the claim of a process that died runs out.
 *
 * Row 0 stands for the site's menus. Versions are milliseconds since 1970 by this server's clock, and only ever grow.
 */
final class Document_Table {

	const SETTLED = 0;
	const WAITING = 1;
	const FAILED  = 2;

	/** The row of the menus. */
	const MENUS = 0;

	/** Seconds after which the claim of a process that was never heard of again runs out. */
	const CLAIM = 120;

	/** Characters of an error that are kept. */
	const LONGEST_ERROR = 300;

	/**
	 * The table's name on the current site.
	 *
	 * @return string
	 */
	public static function name() {
		global $wpdb;
		return $wpdb->prefix . 'pennypress_documents';
	}

	/**
	 * Makes the table if it is not there.
	 */
	public static function create() {
		global $wpdb;
		$table = self::name();
		$wpdb->query(
			"CREATE TABLE IF NOT EXISTS $table (
				post_id bigint(20) unsigned NOT NULL,
				version bigint(20) unsigned NOT NULL DEFAULT 0,
				sent bigint(20) unsigned NOT NULL DEFAULT 0,
				remote bigint(20) unsigned NOT NULL DEFAULT 0,
				fingerprint char(32) NOT NULL DEFAULT '',
				state tinyint(3) unsigned NOT NULL DEFAULT 0,
				urgent tinyint(3) unsigned NOT NULL DEFAULT 0,
				due int(10) unsigned NOT NULL DEFAULT 0,
				tries smallint(5) unsigned NOT NULL DEFAULT 0,
				plain tinyint(3) unsigned NOT NULL DEFAULT 0,
				claim char(16) NOT NULL DEFAULT '',
				claimed_until int(10) unsigned NOT NULL DEFAULT 0,
				run int(10) unsigned NOT NULL DEFAULT 0,
				error varchar(300) NOT NULL DEFAULT '',
				PRIMARY KEY  (post_id),
				KEY work (state,urgent,due),
				KEY claim (claim)
			) {$wpdb->get_charset_collate()}"
		);
	}

	/**
	 * Whether the table is there.
	 *
	 * @return bool
	 */
	public static function is_there() {
		global $wpdb;
		return null !== $wpdb->get_var( $wpdb->prepare( 'SHOW TABLES LIKE %s', $wpdb->esc_like( self::name() ) ) );
	}

	/**
	 * Removes the table.
	 */
	public static function drop() {
		global $wpdb;
		$wpdb->query( 'DROP TABLE IF EXISTS ' . self::name() );
	}

	/**
	 * Names our table among those of a site that is being deleted.
	 *
	 * @param string[] $tables Names of tables.
	 * @return string[]
	 */
	public static function add_ours( $tables ) {
		$tables[] = self::name();
		return $tables;
	}

	/**
	 * Milliseconds since 1970.
	 *
	 * @return int
	 */
	public static function now() {
		return (int) round( microtime( true ) * 1000 );
	}

	/**
	 * Whether there is a row for a post.
	 *
	 * @param int $post_id A post's id.
	 * @return bool
	 */
	public static function knows( $post_id ) {
		global $wpdb;
		return null !== $wpdb->get_var( $wpdb->prepare( 'SELECT post_id FROM ' . self::name() . ' WHERE post_id = %d', $post_id ) );
	}

	/**
	 * Puts posts on the queue, as changed just now. What is there already gets a newer version, and what was wrong with it is
	 * forgotten.
	 *
	 * @param int[] $post_ids At most some hundreds.
	 * @param bool  $urgent   Whether they go before those that were only found to differ.
	 * @param int   $run      The comparison that found them, or 0.
	 * @return bool Whether that was written down.
	 */
	public static function enqueue( array $post_ids, $urgent, $run = 0 ) {
		global $wpdb;
		if ( ! $post_ids ) {
			return true;
		}
		$rows = array();
		foreach ( $post_ids as $post_id ) {
			$rows[] = $wpdb->prepare( '(%d,%d,%d,%d,%d,%d)', $post_id, self::now(), self::WAITING, $urgent ? 1 : 0, time(), $run );
		}
		return false !== $wpdb->query(
			'INSERT INTO ' . self::name() . ' (post_id, version, state, urgent, due, run) VALUES ' . implode( ',', $rows ) . "
			ON DUPLICATE KEY UPDATE version = GREATEST(VALUES(version), version + 1),
				urgent = GREATEST(VALUES(urgent), IF(state = VALUES(state), urgent, 0)), state = VALUES(state), due = VALUES(due),
				run = GREATEST(VALUES(run), run), tries = 0, plain = 0, error = ''"
		);
	}

	/**
	 * Claims waiting rows that are due, those of people before those of a comparison.
	 *
	 * @param int  $limit How many at most.
	 * @param bool $bulk  Whether to take those of a comparison too.
	 * @return array{0: string, 1: object[]} The claim's name, and the rows.
	 */
	public static function claim( $limit, $bulk ) {
		global $wpdb;
		$table = self::name();
		$claim = bin2hex( random_bytes( 8 ) );
		foreach ( $bulk ? array( 1, 0 ) : array( 1 ) as $urgent ) {
			$taken = $wpdb->query(
				$wpdb->prepare(
					"UPDATE $table SET claim = %s, claimed_until = %d WHERE state = %d AND urgent = %d AND due <= %d AND claimed_until < %d ORDER BY due LIMIT %d",
					$claim,
					time() + self::CLAIM,
					self::WAITING,
					$urgent,
					time(),
					time(),
					$limit
				)
			);
			if ( $taken ) {
				return array( $claim, $wpdb->get_results( $wpdb->prepare( "SELECT * FROM $table WHERE claim = %s ORDER BY post_id", $claim ) ) );
			}
		}
		return array( $claim, array() );
	}

	/**
	 * The service has taken a version of a post. If it changed again meanwhile, it goes on waiting. What was wrong with it stays
	 * written down only if it had to be made without its shortcodes.
	 *
	 * @param object $row         As claim() returned it.
	 * @param string $fingerprint Of what was sent; empty if it was deleted there.
	 * @param int    $sent        The version that the service has now; 0 if it has none.
	 */
	public static function settle( $row, $fingerprint, $sent ) {
		global $wpdb;
		$table = self::name();
		$wpdb->query(
			$wpdb->prepare(
				"UPDATE $table SET state = IF(version = %d, %d, state), urgent = IF(version = %d, 0, urgent), sent = %d, remote = %d, fingerprint = %s, tries = 0,
				error = IF(plain > 0, error, ''), claim = '', claimed_until = 0 WHERE post_id = %d AND claim = %s",
				$row->version,
				self::SETTLED,
				$row->version,
				$sent,
				$sent,
				$fingerprint,
				$row->post_id,
				$row->claim
			)
		);
		if ( ! $sent ) {
			$wpdb->query( $wpdb->prepare( "DELETE FROM $table WHERE post_id = %d AND state = %d AND sent = 0", $row->post_id, self::SETTLED ) );
		}
	}

	/**
	 * The service will not take this version of a post, however often it is sent.
	 *
	 * @param object $row   As claim() returned it.
	 * @param string $error Why.
	 */
	public static function refuse( $row, $error ) {
		global $wpdb;
		$wpdb->query(
			$wpdb->prepare(
				'UPDATE ' . self::name() . " SET state = IF(version = %d, %d, state), error = %s, claim = '', claimed_until = 0 WHERE post_id = %d AND claim = %s",
				$row->version,
				self::FAILED,
				self::short( $error ),
				$row->post_id,
				$row->claim
			)
		);
	}

	/**
	 * Lets a claim run out later: who works on the rows is alive.
	 *
	 * @param string $claim Their claim.
	 */
	public static function hold( $claim ) {
		global $wpdb;
		$wpdb->query( $wpdb->prepare( 'UPDATE ' . self::name() . ' SET claimed_until = %d WHERE claim = %s', time() + self::CLAIM, $claim ) );
	}

	/**
	 * Gives claimed rows back, to be tried again.
	 *
	 * @param string $claim Their claim.
	 * @param int    $delay Seconds from now; 0 if they were not tried.
	 */
	public static function give_back( $claim, $delay ) {
		global $wpdb;
		$wpdb->query(
			$wpdb->prepare(
				'UPDATE ' . self::name() . " SET due = GREATEST(due, %d), tries = tries + %d, claim = '', claimed_until = 0 WHERE claim = %s",
				time() + $delay,
				$delay > 0 ? 1 : 0,
				$claim
			)
		);
	}

	/**
	 * Building a post's document ended the whole program. The next time it is built without what may have done that.
	 *
	 * @param int    $post_id The post.
	 * @param string $claim   Its claim.
	 * @param string $error   What PHP said.
	 */
	public static function crashed( $post_id, $claim, $error ) {
		global $wpdb;
		$wpdb->query(
			$wpdb->prepare(
				'UPDATE ' . self::name() . " SET plain = plain + 1, tries = tries + 1, state = IF(plain > 2, %d, state), error = %s, claim = '', claimed_until = 0 WHERE post_id = %d AND claim = %s",
				self::FAILED,
				self::short( $error ),
				$post_id,
				$claim
			)
		);
	}

	/**
	 * How many rows there are of each kind.
	 *
	 * @return array{known: int, waiting: int, failed: int} Documents that the service has; rows that wait; rows that failed.
	 */
	public static function counts() {
		global $wpdb;
		$row = $wpdb->get_row(
			$wpdb->prepare(
				'SELECT COALESCE(SUM(sent > 0), 0) AS known, COALESCE(SUM(state = %d), 0) AS waiting, COALESCE(SUM(state = %d), 0) AS failed FROM ' . self::name(),
				self::WAITING,
				self::FAILED
			)
		);
		return array(
			'known'   => $row ? (int) $row->known : 0,
			'waiting' => $row ? (int) $row->waiting : 0,
			'failed'  => $row ? (int) $row->failed : 0,
		);
	}

	/**
	 * How many rows of a comparison still wait.
	 *
	 * @param int $run The comparison.
	 * @return int
	 */
	public static function waiting_of( $run ) {
		global $wpdb;
		return (int) $wpdb->get_var( $wpdb->prepare( 'SELECT COUNT(*) FROM ' . self::name() . ' WHERE state = %d AND run = %d', self::WAITING, $run ) );
	}

	/**
	 * When the next waiting row is due, as a Unix time; null if none waits.
	 *
	 * @return int|null
	 */
	public static function next_due() {
		global $wpdb;
		$due = $wpdb->get_var( $wpdb->prepare( 'SELECT MIN(GREATEST(due, claimed_until)) FROM ' . self::name() . ' WHERE state = %d', self::WAITING ) );
		return null === $due ? null : (int) $due;
	}

	/**
	 * Rows that something is wrong with, the ones that failed first.
	 *
	 * @param int $limit How many at most.
	 * @return object[] With post_id, state, error, tries, due.
	 */
	public static function troubles( $limit ) {
		global $wpdb;
		return $wpdb->get_results( $wpdb->prepare( 'SELECT post_id, state, error, tries, due FROM ' . self::name() . " WHERE error <> '' ORDER BY state DESC, post_id LIMIT %d", $limit ) );
	}

	/**
	 * Lets everything that waits or has failed be tried at once.
	 */
	public static function try_again() {
		global $wpdb;
		$wpdb->query(
			$wpdb->prepare(
				'UPDATE ' . self::name() . " SET state = %d, due = %d, tries = 0, plain = 0, error = '' WHERE state IN (%d, %d)",
				self::WAITING,
				time(),
				self::WAITING,
				self::FAILED
			)
		);
	}

	/**
	 * Makes ready what a person reads.
	 *
	 * @param string $error What was wrong.
	 * @return string
	 */
	private static function short( $error ) {
		$clean = trim( preg_replace( '/\s+/', ' ', wp_check_invalid_utf8( $error, true ) ) );
		return function_exists( 'mb_substr' ) ? mb_substr( $clean, 0, self::LONGEST_ERROR ) : substr( $clean, 0, self::LONGEST_ERROR );
	}
}
